import { expect, test } from 'vitest'
import { cutText } from '#lib/platform/text/cut-text.ts'

test.each<[what: string, text: string, max: number, expected: string]>([
  ['a text that fits', 'abc', 3, 'abc'],
  ['plain letters', 'abcdef', 3, 'abc'],
  ['an emoji of two code units', 'ab🙂c', 3, 'ab'],
  ['a family of joined emoji', 'a👩‍👩‍👧‍👦', 6, 'a'],
  ['a flag', 'a🇦🇹b', 3, 'a'],
  ['a letter and its accent', 'nu\u0308', 2, 'n'],
  ['a skin tone', 'a👍🏽', 3, 'a'],
  ['a CRLF line end', 'a\r\nb', 2, 'a'],
  ['a single emoji', '🙂', 1, ''],
])('%s is cut between whole characters', (_, text, max, expected) => {
  expect(cutText(text, max)).toBe(expected)
})

test('a long text is cut between whole characters as well', () => {
  const text = `${'x'.repeat(39_999)}👩‍👩‍👧‍👦`
  expect(cutText(text, 40_000)).toBe('x'.repeat(39_999))
})

test('an endless pile of accents is cut at the limit, with no lone surrogate left', () => {
  expect(cutText(`a${'\u0308'.repeat(5_000)}`, 1_000)).toHaveLength(1_000)
  expect(cutText(`a${'\u{1d165}'.repeat(5_000)}`, 1_000).isWellFormed()).toBe(true)
})
