import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ThoughtSplitter } from '#lib/agent/models/openai/repair/thought-splitter.ts'

const PIECES = [
  '<think>',
  '</think>',
  '<thinking>',
  '</thinking>',
  '[THINK]',
  '[/THINK]',
  '<|channel|>analysis<|message|>',
  '<|end|>',
  '<|return|>',
]
const WORDS = ['one ', 'two', '\n', ' ', '`', '```\n', '<', '</', '<th', '|>', '[', '🙂']

/** Splits a text that arrives in these pieces into the answer and the thoughts. */
function split(pieces: string[]) {
  const splitter = new ThoughtSplitter()
  let text = ''
  let thought = ''
  for (const piece of [...pieces.flatMap((given) => splitter.push(given)), ...splitter.end()]) {
    if (piece.kind === 'retract') text = ''
    else if (piece.kind === 'text') text += piece.text
    else thought += piece.text
  }
  expect(splitter.visible).toBe(text)
  return { text, thought }
}

test('the split is the same however the text is cut into chunks', () => {
  const texts = fc.array(fc.constantFrom(...PIECES, ...WORDS), { maxLength: 14 }).map((parts) => parts.join(''))
  const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(texts, cuts, (text, sizes) => {
      const pieces: string[] = []
      for (let at = 0, turn = 0; at < text.length; turn += 1) {
        const size = sizes[turn % sizes.length] as number
        pieces.push(text.slice(at, at + size))
        at += size
      }
      expect(split(pieces)).toEqual(split([text]))
    }),
    { numRuns: 3_000 },
  )
})

test('no word is lost: what is dropped is a mark or white space', () => {
  const texts = fc.array(fc.constantFrom(...PIECES, 'word ', 'other'), { maxLength: 14 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(texts, (text) => {
      const { text: answer, thought } = split([text])
      const count = (given: string) => (given.match(/word|other/g) ?? []).length
      expect(count(answer) + count(thought)).toBe(count(text))
    }),
    { numRuns: 3_000 },
  )
})
