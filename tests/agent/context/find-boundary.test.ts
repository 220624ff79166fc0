import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findBoundary } from '#lib/agent/context/find-boundary.ts'
import { clipToTokens, loadCounter } from '#lib/agent/input/count-tokens.ts'
import { fitHistory } from '#lib/agent/input/to-model-input.ts'
import { boundTokens } from '#lib/agent/models/estimate-tokens.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

const base = (at: number) => ({ id: `item_${at}`, thread_id: 'thr_1', created_at: '2026-01-01T00:00:00Z' })
const MAKE: ((at: number, text: string) => ThreadItem)[] = [
  (at, text) => ({
    ...{ ...base(at), type: 'user_message', content: [{ type: 'input_text', text }] },
    ...{ attachments: [], inference_options: {} },
  }),
  (at, text) => ({ ...base(at), type: 'assistant_message', content: [{ type: 'output_text', text, annotations: [] }] }),
  (at, text) => ({
    ...{ ...base(at), type: 'hidden_context_item' },
    content: { kind: 'tool_call', call_id: `c${at}`, name: 'look', arguments: '{}', output: text },
  }),
]

test('what is summarised ends before a message of the person, whatever the thread is like', async () => {
  const thread = fc.array(fc.tuple(fc.nat(MAKE.length - 1), fc.string({ maxLength: 400 })), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(thread, fc.nat(4_000), fc.nat(2_000), async (kinds, maxTokens, keptTokens) => {
      const items = kinds.map(([kind, text], at) => MAKE[kind]?.(at, text) as ThreadItem)
      const groups = await fitHistory(items, { maxTokens, count: boundTokens })
      const boundary = findBoundary(items, groups, keptTokens)
      const last = items.findLastIndex(({ type }) => type === 'user_message')
      expect(boundary).toBeLessThanOrEqual(Math.max(last, 0))
      if (boundary > 0) expect(items[boundary]?.type).toBe('user_message')
    }),
    { numRuns: 60 },
  )
})

test('a count is never much too low, and takes no time by the square of a word', async () => {
  const count = await loadCounter()
  expect(count('The quick brown fox jumps over the lazy dog.')).toBe(10)
  expect(count('<|endoftext|>')).toBeGreaterThan(0)
  for (const text of ['a'.repeat(200_000), '👩‍👩‍👧‍👦'.repeat(10_000), '\u0000'.repeat(10_000), '\ud800'.repeat(10_000)])
    expect(count(text)).toBeLessThanOrEqual(boundTokens(text))
  expect(count([{ type: 'input_image', image: `data:image/png;base64,${'A'.repeat(9_000_000)}` }])).toBeLessThan(1_100)
})

test('a clipped text has at most so many tokens, and a mark', async () => {
  const count = await loadCounter()
  const text = 'Ein Satz, der lang genug ist. '.repeat(200)
  const clipped = clipToTokens(text, 100, count)
  expect(count(clipped)).toBeLessThanOrEqual(106)
  expect(clipped).toMatch(/ \[…\]$/)
  expect(clipToTokens('short', 100, count)).toBe('short')
  expect(clipToTokens(text, 0, count)).toBe(' […]')
})
