import { describe, expect, test } from 'vitest'
import { toModelInput } from '#lib/agent/history.ts'
import type { KeptToolCall } from '#lib/agent/open-calls.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

let count = 0
const base = () => ({ id: `item_${++count}`, thread_id: 'thr_1', created_at: '2026-01-01T00:00:00Z' })
const user = (text: string, more: object = {}): ThreadItem => ({
  ...base(),
  type: 'user_message',
  content: [{ type: 'input_text', text }],
  attachments: [],
  inference_options: {},
  ...more,
})
const assistant = (...texts: string[]): ThreadItem => ({
  ...base(),
  type: 'assistant_message',
  content: texts.map((text) => ({ type: 'output_text', text, annotations: [] })),
})
const toolCall = (call_id: string, output = 'out', more: Partial<KeptToolCall> = {}): ThreadItem => ({
  ...base(),
  type: 'hidden_context_item',
  content: { kind: 'tool_call', call_id, name: 'add_task', arguments: '{"a":1}', output, ...more },
})
const workflow = (id: string): ThreadItem => ({
  ...base(),
  id,
  type: 'workflow',
  workflow: {
    type: 'custom',
    tasks: [
      { type: 'custom', status_indicator: 'complete', title: 'Looked', content: 'at it' },
      { type: 'thought', status_indicator: 'none', content: 'a thought' },
    ],
    expanded: false,
  },
})

const texts = (items: ThreadItem[], max?: number) =>
  toModelInput(items, max).map((entry) => ('content' in entry ? JSON.stringify(entry.content) : `${entry.type}`))
/** The text of the one message that an item becomes. */
const only = (item: ThreadItem) => {
  const entries = toModelInput([item])
  expect(entries).toHaveLength(1)
  return (entries[0] as { content: { text: string }[] }).content.map(({ text }) => text).join('|')
}

describe('what an item becomes', () => {
  test('messages of both sides', () => {
    expect(toModelInput([user('Hello'), assistant('Good', 'day')])).toEqual([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
      {
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [
          { type: 'output_text', text: 'Good' },
          { type: 'output_text', text: 'day' },
        ],
      },
    ])
    expect(toModelInput([assistant('')])).toEqual([])
  })

  test('a kept tool call becomes the call and its result', () => {
    expect(toModelInput([toolCall('c1', 'done')])).toEqual([
      { type: 'function_call', callId: 'c1', name: 'add_task', arguments: '{"a":1}', status: 'completed' },
      { type: 'function_call_result', callId: 'c1', name: 'add_task', status: 'completed', output: 'done' },
    ])
  })

  test('the lines of kept tool calls are not told a second time, those of others are', () => {
    expect(toModelInput([workflow('wf_1'), toolCall('c1', 'x', { workflow_id: 'wf_1' })]).map(({ type }) => type)).toEqual([
      'function_call',
      'function_call_result',
    ])
    expect(only(workflow('wf_2'))).toBe(
      'A message was displayed to the user that the following task was performed:\n<Task>\nLooked: at it\n</Task>',
    )
  })

  test.each<[string, ThreadItem, string]>([
    [
      'sdk_hidden_context',
      { ...base(), type: 'sdk_hidden_context', content: 'stop' },
      'Hidden context for the agent (not shown to the user):\n<HiddenContext>\nstop\n</HiddenContext>',
    ],
    [
      'hidden_context_item',
      { ...base(), type: 'hidden_context_item', content: { a: 1 } },
      'Hidden context for the agent (not shown to the user):\n<HiddenContext>\n{"a":1}\n</HiddenContext>',
    ],
    [
      'structured_input',
      {
        ...base(),
        type: 'structured_input',
        status: 'answered',
        inputs: [
          { type: 'freeform', id: 'a', question: 'Name?', answer: { values: ['Ann', 'Lee'], skipped: false } },
          { type: 'freeform', id: 'b', question: 'Age?', answer: { values: [], skipped: true } },
          { type: 'freeform', id: 'c', question: 'Why?' },
        ],
      },
      'A structured input request was displayed to the user with the following status: answered\n<StructuredInput>\n- Name?: Ann, Lee\n- Age?: skipped\n- Why?: unanswered\n</StructuredInput>',
    ],
    [
      'widget',
      { ...base(), id: 'w', type: 'widget', widget: { type: 'Card', a: null, children: [] } },
      'The following graphical UI widget (id: w) was displayed to the user:{"type":"Card","children":[]}',
    ],
  ])('%s', (_, item, expected) => expect(only(item)).toBe(expected))

  test('a client tool call: nothing while it waits, then the pair', () => {
    const call = { ...base(), type: 'client_tool_call', call_id: 'c', name: 'n', arguments: { x: 1 } } as const
    expect(toModelInput([{ ...call, status: 'pending' }])).toEqual([])
    expect(toModelInput([{ ...call, status: 'completed', output: { y: 2 } }])).toMatchObject([
      { type: 'function_call', arguments: '{"x":1}' },
      { type: 'function_call_result', output: '{"y":2}' },
    ])
  })

  test('a quote counts on the last message alone', () => {
    const quoted = () => user('What is this?', { quoted_text: 'the quote' })
    expect(texts([quoted()]).join()).toContain('The user is referring to this in particular: \\nthe quote')
    expect(texts([quoted(), assistant('A quote')]).join()).not.toContain('the quote')
  })
})

describe('the budget', () => {
  test('keeps the newest, in order', () => {
    const items = Array.from({ length: 50 }, (_, index) => user(`message ${index} ${'x'.repeat(100)}`))
    const kept = texts(items, 2_000)
    expect(kept.length).toBeGreaterThan(5)
    expect(kept.length).toBeLessThan(15)
    expect(kept.at(-1)).toContain('message 49')
    expect(kept[0]).toContain(`message ${50 - kept.length}`)
  })

  test('never splits a call from its result, whatever fits', () => {
    const items = [toolCall('c0', 'y'.repeat(300)), user('hi'), toolCall('c1', 'y'.repeat(300)), assistant('ok')]
    for (let max = 0; max < 1_500; max += 20) {
      const kept = toModelInput(items, max).map(({ type }) => type)
      expect(kept.filter((type) => type === 'function_call').length).toBe(kept.filter((type) => type === 'function_call_result').length)
      for (const [index, type] of kept.entries()) if (type === 'function_call_result') expect(kept[index - 1]).toBe('function_call')
    }
  })

  test('always has the last message of the person, and what came after it', () => {
    expect(texts([user('old'), user('x'.repeat(10_000)), toolCall('c1')], 100)).toHaveLength(3)
  })
})
