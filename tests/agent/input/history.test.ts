import { describe, expect, test } from 'vitest'
import { type InputPart, toModelInput } from '#lib/agent/input/to-model-input.ts'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'
import type { KeptToolCall } from '#lib/agent/stream/open-calls.ts'
import type { Attachment, ThreadItem } from '#lib/chatkit/protocol/items.ts'

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

const texts = async (items: ThreadItem[], maxTokens?: number) =>
  (await toModelInput(items, { maxTokens })).map((entry) =>
    'content' in entry ? JSON.stringify(entry.content) : `${entry.type}`,
  )
/** The text of the one message that an item becomes. */
const only = async (item: ThreadItem) => {
  const entries = await toModelInput([item])
  expect(entries).toHaveLength(1)
  return (entries[0] as { content: { text: string }[] }).content.map(({ text }) => text).join('|')
}

describe('what an item becomes', () => {
  test('messages of both sides become messages', async () => {
    expect(await toModelInput([user('Hello'), assistant('Good', 'day')])).toEqual([
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
    expect(await toModelInput([assistant('')])).toEqual([])
  })

  test('a kept tool call becomes the call and its result', async () => {
    expect(await toModelInput([toolCall('c1', 'done')])).toEqual([
      { type: 'function_call', callId: 'c1', name: 'add_task', arguments: '{"a":1}', status: 'completed' },
      { type: 'function_call_result', callId: 'c1', name: 'add_task', status: 'completed', output: 'done' },
    ])
  })

  test('a workflow whose tool calls are kept is not repeated; another one is described', async () => {
    expect(
      (await toModelInput([workflow('wf_1'), toolCall('c1', 'x', { workflow_id: 'wf_1' })])).map(({ type }) => type),
    ).toEqual(['function_call', 'function_call_result'])
    expect(await only(workflow('wf_2'))).toBe(
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
  ])('%s', async (_, item, expected) => expect(await only(item)).toBe(expected))

  test('a client tool call is left out while it is pending, and becomes a pair once it is completed', async () => {
    const call = { ...base(), type: 'client_tool_call', call_id: 'c', name: 'n', arguments: { x: 1 } } as const
    expect(await toModelInput([{ ...call, status: 'pending' }])).toEqual([])
    expect(await toModelInput([{ ...call, status: 'completed', output: { y: 2 } }])).toMatchObject([
      { type: 'function_call', arguments: '{"x":1}' },
      { type: 'function_call_result', output: '{"y":2}' },
    ])
  })

  test('an image that the assistant generated becomes an image; one without data is left out', async () => {
    const image = { ...base(), type: 'generated_image' } as const
    expect(await toModelInput([image])).toEqual([])
    expect(await toModelInput([{ ...image, image: { id: 'i', url: 'https://example.com/i.png' } }])).toEqual([
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'The following image was generated by the agent.' },
          { type: 'input_image', image: 'https://example.com/i.png', detail: 'auto' },
        ],
      },
    ])
  })

  test('a task becomes its content; an empty task and the end of a turn are left out', async () => {
    const task = (more: object): ThreadItem => ({
      ...base(),
      type: 'task',
      task: { type: 'custom', status_indicator: 'none', ...more },
    })
    expect(await only(task({ content: 'only content' }))).toContain('<Task>\nonly content\n</Task>')
    expect(await toModelInput([task({}), { ...base(), type: 'end_of_turn' }])).toEqual([])
  })

  test('tags are named in the text, and their data follows once each', async () => {
    const tag = (text: string, data: object) => ({
      type: 'input_tag',
      id: `id-${text}`,
      text,
      data,
      interactive: false,
    })
    const content = [
      { type: 'input_text', text: 'Ask ' },
      tag('Ann', { role: 'boss' }),
      { type: 'input_text', text: ' and ' },
      tag('Ann', { role: 'boss' }),
      tag('Bob', {}),
    ]
    expect(await toModelInput([user('', { content })])).toEqual([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Ask @Ann and @Ann@Bob' }] },
      {
        type: 'message',
        role: 'user',
        content: [
          {
            type: 'input_text',
            text: '# User-provided context for @-mentions\n- @Ann (id: id-Ann) {"role":"boss"}\n- @Bob (id: id-Bob)',
          },
        ],
      },
    ])
  })

  test('two mentions with the same text stay separate', async () => {
    const tag = (id: string, data: object = {}) => ({ type: 'input_tag', id, text: 'Ann', data, interactive: false })
    const content = [tag('1'), tag('2', { role: 'boss' }), tag('1'), tag('3')]
    const input = await toModelInput([user('', { content })])
    expect(input[1]).toMatchObject({
      content: [
        {
          text: '# User-provided context for @-mentions\n- @Ann (id: 1)\n- @Ann (id: 2) {"role":"boss"}\n- @Ann (id: 3)',
        },
      ],
    })
  })

  test('attachments become parts of their message; an unreadable one is named', async () => {
    const attachments = [
      { type: 'file', id: 'atc_1', name: 'a.pdf', mime_type: 'application/pdf' },
      { type: 'image', id: 'atc_2', name: 'b.png', mime_type: 'image/png', preview_url: 'x' },
    ]
    const readAttachment = async ({ id, name }: Attachment): Promise<InputPart[]> =>
      id === 'atc_1'
        ? [{ type: 'input_file', file: 'data:application/pdf;base64,AAAA', filename: name }]
        : [{ type: 'input_image', image: 'data:image/png;base64,AAAA' }]
    expect(await toModelInput([user('Look', { attachments })], { readAttachment })).toMatchObject([
      {
        content: [
          { type: 'input_text', text: 'Look' },
          { type: 'input_file', filename: 'a.pdf' },
          { type: 'input_image' },
        ],
      },
    ])
    expect(await toModelInput([user('', { attachments })], { readAttachment })).toMatchObject([
      { content: [{ type: 'input_file' }, { type: 'input_image' }] },
    ])
    expect(await only(user('Look', { attachments: attachments.slice(0, 1) }))).toBe(
      'Look|[The attached file "a.pdf" cannot be read.]',
    )
  })

  test('a quote is included only with the last message', async () => {
    const quoted = () => user('What is this?', { quoted_text: 'the quote' })
    expect((await texts([quoted()])).join()).toContain('The user is referring to this in particular: \\nthe quote')
    expect((await texts([quoted(), assistant('A quote')])).join()).not.toContain('the quote')
  })
})

describe('the token budget', () => {
  test('keeps the newest items, in order', async () => {
    const items = Array.from({ length: 50 }, (_, index) => user(`message ${index} ${'x'.repeat(100)}`))
    const kept = await texts(items, 600)
    expect(kept.length).toBeGreaterThan(5)
    expect(kept.length).toBeLessThan(15)
    expect(kept.at(-1)).toContain('message 49')
    expect(kept[0]).toContain(`message ${50 - kept.length}`)
  })

  test('never splits a call from its result, at any size', async () => {
    const items = [toolCall('c0', 'y'.repeat(300)), user('hi'), toolCall('c1', 'y'.repeat(300)), assistant('ok')]
    for (let maxTokens = 0; maxTokens < 400; maxTokens += 5) {
      const kept = (await toModelInput(items, { maxTokens })).map(({ type }) => type)
      expect(kept.filter((type) => type === 'function_call').length).toBe(
        kept.filter((type) => type === 'function_call_result').length,
      )
      for (const [index, type] of kept.entries())
        if (type === 'function_call_result') expect(kept[index - 1]).toBe('function_call')
    }
  })

  test('counts an image as an image, and reads no bytes of attachments that do not fit', async () => {
    const picture = `data:image/png;base64,${'A'.repeat(500_000)}`
    const attachments = [{ type: 'image', id: 'atc_1', name: 'b.png', mime_type: 'image/png', preview_url: 'x' }]
    const read: string[] = []
    const readAttachment = async ({ id }: Attachment): Promise<InputPart[]> => {
      read.push(id)
      return [{ type: 'input_image', image: picture }]
    }
    const items = [user('x'.repeat(20_000), { attachments }), user('see', { attachments }), user('and?')]
    expect(await toModelInput(items, { maxTokens: 3_000, readAttachment })).toHaveLength(2)
    expect(read).toEqual(['atc_1'])
    expect(
      estimateTokens({ type: 'input_file', file: `data:application/pdf;base64,${'A'.repeat(100_000)}` }),
    ).toBeLessThan(1_100)
    expect(estimateTokens('日本語'.repeat(100))).toBeGreaterThan(200)
  })

  test('always includes the person’s last message and what came after it', async () => {
    expect(await texts([user('old'), user('x'.repeat(10_000)), toolCall('c1')], 25)).toHaveLength(3)
  })
})
