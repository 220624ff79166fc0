import { expect, test } from 'vitest'
import { cutText } from '#lib/platform/text/cut-text.ts'

test.each<[what: string, text: string, max: number, expected: string]>([
  ['a text that fits', 'abc', 3, 'abc'],
  ['plain letters', 'abcdef', 3, 'abc'],
  ['an emoji of two units', 'ab🙂c', 3, 'ab'],
  ['a family of joined emoji', 'a👩‍👩‍👧‍👦', 6, 'a'],
  ['a flag', 'a🇦🇹b', 3, 'a'],
  ['a letter and its accent', 'nu\u0308', 2, 'n'],
  ['a skin tone', 'a👍🏽', 3, 'a'],
  ['a line end of two', 'a\r\nb', 2, 'a'],
  ['nothing', '🙂', 1, ''],
])('%s is cut where a reader would', (_, text, max, expected) => {
  expect(cutText(text, max)).toBe(expected)
})

test('a text is cut at the right place however long it is', () => {
  const text = `${'x'.repeat(39_999)}👩‍👩‍👧‍👦`
  expect(cutText(text, 40_000)).toBe('x'.repeat(39_999))
})

test('a pile of accents without end is cut between two characters, and no half one is left', () => {
  expect(cutText(`a${'\u0308'.repeat(5_000)}`, 1_000)).toHaveLength(1_000)
  expect(cutText(`a${'\u{1d165}'.repeat(5_000)}`, 1_000).isWellFormed()).toBe(true)
})
