import { expect, test } from 'vitest'
import type { UserMessageContent, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { cleanTitle, makeTitle } from '#lib/chatkit/server/title.ts'

const said = (...content: UserMessageContent[]): UserMessageItem => ({
  id: 'm',
  thread_id: 't',
  created_at: '',
  type: 'user_message',
  content,
  attachments: [],
  inference_options: {},
})
const text = (value: string): UserMessageContent => ({ type: 'input_text', text: value })

test.each([
  ['Buy milk', 'Buy milk'],
  ['\n\n  First  line\twith   room \nsecond line', 'First line with room'],
  [
    'Please write a long letter to the landlord about the heating that has been broken since October',
    'Please write a long letter to the landlord about the…',
  ],
  ['x'.repeat(90), `${'x'.repeat(59)}…`],
  ['👩‍👩‍👧'.repeat(40), undefined],
])('a title is the first line of the message, cut at a word: %j', (message, title) => {
  const made = makeTitle(said(text(message)))
  if (title) expect(made).toBe(title)
  expect([...(made ?? '')].length).toBeLessThanOrEqual(60)
  expect(made?.isWellFormed()).toBe(true)
})

test('a title names tags, and a message without text has no title', () => {
  expect(makeTitle(said(text('Ask '), { type: 'input_tag', id: '1', text: 'Ann', data: {}, interactive: false }))).toBe(
    'Ask @Ann',
  )
  expect(makeTitle(said(text(' \n\t ')))).toBeUndefined()
  expect(makeTitle(said())).toBeUndefined()
})

test('a title is one line of limited length without control characters', () => {
  expect(cleanTitle(' a\n\u0000 \u202eb ')).toBe('a b')
  expect([...cleanTitle('word '.repeat(100))].length).toBeLessThanOrEqual(200)
  expect(cleanTitle('\n')).toBe('')
  expect(cleanTitle('👩‍👧')).toBe('👩‍👧')
})
