import { readFileSync } from 'node:fs'
import type { RunStreamEvent } from '@openai/agents'
import { describe, expect, test } from 'vitest'
import { TurnEvents, type TurnOptions } from '#lib/agent/stream/turn-events.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import { halfOpen } from '#tests/support/conversation.ts'

type Recorded = { responses_event?: object; context?: string; tool_called?: object }
type Scenario = {
  name: string
  input: Recorded[]
  expected_events: ThreadStreamEvent[]
  store_added_directly: ThreadStreamEvent[]
}

/** The thread events that the Python bridge makes from raw Responses events. */
const scenarios: Scenario[] = JSON.parse(readFileSync(new URL('../golden/agents-bridge.json', import.meta.url), 'utf8'))

function bridge(options: TurnOptions = {}) {
  let count = 0
  return new TurnEvents(
    {
      threadId: 'thr_1',
      newItemId: (kind) => `${kind}_${++count}`,
      now: () => new Date('2026-01-01T00:00:00Z'),
    },
    options,
  )
}

const raw = (event: object) =>
  ({
    type: 'raw_model_stream_event',
    source: 'openai-responses',
    data: { type: 'model', event, providerData: { rawModelEventSource: 'openai-responses' } },
  }) as RunStreamEvent
const normalised = (data: object) => ({ type: 'raw_model_stream_event', source: undefined, data }) as RunStreamEvent
const item = (name: string, rawItem: object, more: object = {}) =>
  ({ type: 'run_item_stream_event', name, item: { rawItem, ...more } }) as RunStreamEvent

function replay(events: RunStreamEvent[], mapping = bridge()): ThreadStreamEvent[] {
  return [...events.flatMap((event) => [...mapping.take(event)]), ...mapping.end()]
}

/** Events with ids numbered in order of appearance and without times. The rest must be equal. */
function comparable(events: ThreadStreamEvent[]): unknown {
  const names = new Map<string, string>()
  const named = (id: string) => names.get(id) ?? names.set(id, `item ${names.size + 1}`).get(id)
  return events.map((event) => {
    const { created_at: _, ...shape } = ('item' in event ? event.item : {}) as { created_at?: string; id?: string }
    return {
      ...event,
      ...('item' in event && { item: { ...shape, id: named(event.item.id) } }),
      ...('item_id' in event && { item_id: named(event.item_id) }),
    }
  })
}

const OLD: WorkflowItem = {
  id: 'wf_0',
  thread_id: 'thr_1',
  created_at: '2026-01-01T00:00:00Z',
  type: 'workflow',
  workflow: {
    type: 'reasoning',
    tasks: [{ type: 'thought', status_indicator: 'none', content: 'old' }],
    expanded: false,
  },
}

/** What the recorded tools did to the chat, by the recording's name for it. */
const CONTEXT: Record<string, (mapping: TurnEvents) => Iterable<ThreadStreamEvent>> = {
  startwf: (mapping) => mapping.startWorkflow({ type: 'custom' }),
  addt: (mapping) => mapping.addTask({ type: 'custom', status_indicator: 'loading', title: 't1' }),
  addt2: (mapping) => mapping.addTask({ type: 'custom', status_indicator: 'none', title: 't2' }),
  upd: (mapping) => mapping.updateTask(0, { type: 'custom', status_indicator: 'complete', title: 't1' }),
  endwf: (mapping) => mapping.endWorkflow({ title: 'Done' }, true),
  hidden: (mapping) => mapping.show({ type: 'thread.item.done', item: HIDDEN }),
  ctc: (mapping) => {
    mapping.callClientTool({ name: 'get_sel', arguments: { a: 1 } })
    return []
  },
}

const HIDDEN: ThreadItem = {
  id: 'h1',
  thread_id: 'thr_1',
  created_at: '2026-01-01T00:00:00',
  type: 'hidden_context_item',
  content: 'x',
}

/**
 * Where ours differs from the recordings and says more (docs/chatkit-parity.md has the reasons).
 */
const DIFFERENT: Record<string, (events: ThreadStreamEvent[], recorded: ThreadStreamEvent[]) => void> = {
  refusal: (events, recorded) => {
    expect(types(events)).toEqual([
      'thread.item.added',
      'assistant_message.content_part.added',
      'assistant_message.content_part.text_delta',
      'assistant_message.content_part.done',
      'thread.item.done',
    ])
    expect(comparable(events.filter((_, index) => index !== 2 && index !== 3))).toEqual(comparable(recorded))
  },
  'web search / mcp / code interpreter items are ignored': (events) => {
    const [workflow] = events.flatMap((event) =>
      event.type === 'thread.item.done' && event.item.type === 'workflow' ? event.item.workflow : [],
    )
    expect(workflow?.tasks.map(({ type, status_indicator }) => `${type} ${status_indicator}`)).toEqual([
      'web_search complete',
      'custom complete',
    ])
  },
  'add_workflow_task without start creates custom workflow; message ends it': (events, recorded) => {
    const end = events.findIndex(({ type }) => type === 'thread.item.done')
    expect(events[end]).toMatchObject({ item: { workflow: { tasks: [{ status_indicator: 'complete' }] } } })
    expect(comparable(events.toSpliced(end, 1))).toEqual(comparable(recorded.toSpliced(end, 1)))
  },
}

describe('recordings of the Python bridge', () => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    (_, { name, input, expected_events: recorded, store_added_directly: silent }) => {
      const mapping = bridge({ clientTools: new Set(['get_sel']) })
      if (name.startsWith('resume')) mapping.begin([], OLD)
      const events = input.flatMap(({ responses_event, tool_called, context }) => {
        if (context) return [...(CONTEXT[context]?.(mapping) ?? [])]
        return [
          ...mapping.take(
            tool_called
              ? item('tool_called', { type: 'function_call', name: 'get_sel', ...tool_called })
              : raw(responses_event ?? {}),
          ),
        ]
      })
      events.push(...mapping.end())
      expect(halfOpen(events)).toEqual([])
      if (DIFFERENT[name]) return DIFFERENT[name](events, recorded)
      // Python leaves a workflow without a message open and stores it silently. Ours is closed with
      // an event.
      const closing = events.filter(
        (event) =>
          event.type === 'thread.item.done' &&
          event.item.type === 'workflow' &&
          !recorded.some((other) => other.type === event.type && 'item' in other && other.item.type === 'workflow'),
      )
      expect(closing).toHaveLength(silent.length)
      expect(comparable(events.filter((event) => !closing.includes(event)))).toEqual(comparable(recorded))
    },
  )

  test('a client tool call keeps the model’s ids, also among several calls', () => {
    const call = (name: string, id: string) =>
      item('tool_called', { type: 'function_call', name, id, callId: `call_${id}`, arguments: '{}' })
    const pending = (mapping: TurnEvents) =>
      [...mapping.end()].find((event) => event.type === 'thread.item.done' && event.item.type === 'client_tool_call')
    const among = bridge({ clientTools: new Set(['get_sel']) })
    for (const event of [call('get_sel', 'fc_1'), call('add_task', 'fc_2')])
      expect([...among.take(event)].length).toBeLessThan(2)
    among.callClientTool({ name: 'get_sel', arguments: {} })
    expect(pending(among)).toMatchObject({
      item: { id: 'fc_1', call_id: 'call_fc_1', status: 'pending', name: 'get_sel' },
    })
    const told = bridge()
    told.callClientTool({ name: 'get_sel', arguments: { a: 1 }, callId: 'call_9', itemId: 'fc_9' })
    expect(pending(told)).toMatchObject({ item: { id: 'fc_9', call_id: 'call_9', arguments: { a: 1 } } })
  })
})

const done = (output: object[]) => normalised({ type: 'response_done', response: { id: 'r', output, usage: {} } })
const message = (text: string, more: object = {}) => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text, ...more }],
})
const types = (events: ThreadStreamEvent[]) =>
  events.map((event) => ('update' in event ? event.update.type : event.type))

describe('models without raw events', () => {
  test('deltas become one message with an id of its own, whatever id the model gives it', () => {
    const mapping = bridge()
    const turn = ['One', 'Two'].flatMap((text) => [
      ...mapping.take(normalised({ type: 'output_text_delta', delta: text.slice(0, 1), itemId: 'FAKE_ID' })),
      ...mapping.take(normalised({ type: 'output_text_delta', delta: text.slice(1), itemId: 'FAKE_ID' })),
      ...mapping.take(done([{ ...message(text), id: 'FAKE_ID' }])),
    ])
    expect(types(turn.slice(0, 6))).toEqual([
      'thread.item.added',
      'assistant_message.content_part.added',
      'assistant_message.content_part.text_delta',
      'assistant_message.content_part.text_delta',
      'assistant_message.content_part.done',
      'thread.item.done',
    ])
    const items = turn.flatMap((event) => (event.type === 'thread.item.done' ? event.item : []))
    expect(new Set(items.map(({ id }) => id)).size).toBe(2)
  })

  test('an answer without deltas, a refusal and nested citations are mapped', () => {
    const citation = {
      type: 'url_citation',
      url_citation: { url: 'https://example.com', title: 'Example', start_index: 0, end_index: 4 },
    }
    const events = replay([
      done([
        message('Text', { providerData: { annotations: [citation] } }),
        { ...message(''), content: [{ type: 'refusal', refusal: 'No.' }] },
      ]),
    ])
    const contents = events.flatMap((event) =>
      event.type === 'thread.item.done' && event.item.type === 'assistant_message' ? event.item.content : [],
    )
    expect(contents).toEqual([
      {
        type: 'output_text',
        text: 'Text',
        annotations: [
          { type: 'annotation', source: { type: 'url', title: 'Example', url: 'https://example.com' }, index: 4 },
        ],
      },
      { type: 'output_text', text: 'No.', annotations: [] },
    ])
  })

  test('reasoning that arrives only at the end is shown before the message', () => {
    const events = replay([
      done([{ type: 'reasoning', content: [], rawContent: [{ type: 'reasoning_text', text: 'Hm' }] }, message('Yes')]),
    ])
    const items = events.flatMap((event) => (event.type === 'thread.item.done' ? event.item.type : []))
    expect(items).toEqual(['workflow', 'assistant_message'])
  })
})

describe('tool calls', () => {
  const called = (callId: string, name = 'add_task', args = '{"title":"milk"}') =>
    item('tool_called', { type: 'function_call', callId, name, arguments: args })
  const output = (callId: string, text: string, facts: object = { server: 's', tool: 't', durationMs: 1_234 }) =>
    item(
      'tool_output',
      { type: 'function_call_result', callId, name: 'add_task', output: { type: 'text', text } },
      { customData: facts },
    )

  test('are lines of one workflow that go from loading to complete with their duration, and are kept for the model', () => {
    const events = replay([called('a'), called('b'), output('b', 'second'), output('a', 'first')])
    expect(types(events)).toEqual([
      'thread.item.added',
      'workflow.task.added',
      'workflow.task.updated',
      'thread.item.done',
      'workflow.task.updated',
      'thread.item.done',
      'thread.item.done',
    ])
    expect(events[0]).toMatchObject({
      item: { workflow: { type: 'custom', tasks: [{ title: 'add_task', status_indicator: 'loading' }] } },
    })
    expect(events[2]).toMatchObject({
      update: { task_index: 1, task: { status_indicator: 'complete', content: '`{"title":"milk"}` (1.2 s)' } },
    })
    expect(events[3]).toMatchObject({
      item: {
        type: 'hidden_context_item',
        content: { kind: 'tool_call', call_id: 'b', name: 'add_task', arguments: '{"title":"milk"}', output: 'second' },
      },
    })
    expect(events.at(-1)).toMatchObject({ item: { type: 'workflow', workflow: { summary: { duration: 0 } } } })
  })

  test('are kept truncated, with arguments that are still valid JSON', () => {
    const events = replay([
      called('a', 'save_note', JSON.stringify({ body: 'x'.repeat(50_000) })),
      output('a', 'y'.repeat(50_000)),
    ])
    const kept = events.flatMap((event) =>
      event.type === 'thread.item.done' && event.item.type === 'hidden_context_item' ? event.item.content : [],
    )
    const { arguments: args, output: text } = kept[0] as { arguments: string; output: string }
    expect(JSON.parse(args)).toHaveProperty('clipped')
    expect(args.length + text.length).toBeLessThan(15_000)
    const broken = replay([called('b', 'add_task', '{"title": "ha'), output('b', 'no')]).find(
      ({ type }) => type === 'thread.item.done',
    )
    expect(broken).toMatchObject({ item: { content: { arguments: JSON.stringify({ unreadable: '{"title": "ha' }) } } })
  })

  test('show why they failed, and no secret', () => {
    const events = replay([
      called('a', 'sign_in', '{"password":"hunter2","x":"`"}'),
      output('a', 'no', { durationMs: 60_000, failure: { class: 'hard_timeout', sentence: 'Too slow.' } }),
    ])
    expect(JSON.stringify(events.filter(({ type }) => type !== 'thread.item.done'))).not.toContain('hunter2')
    expect(events[1]).toMatchObject({
      update: { task: { content: expect.stringContaining('Failed (60.0 s): Too slow.'), icon: 'lucide:circle-alert' } },
    })
  })

  test('end the reasoning before them and are ended by the message after them', () => {
    const events = replay([
      raw({ type: 'response.output_item.added', item: { id: 'r', type: 'reasoning', summary: [] } }),
      called('a'),
      output('a', 'x'),
      raw({ type: 'response.output_item.added', item: { id: 'm', type: 'message', content: [] } }),
      raw({
        type: 'response.output_item.done',
        item: { id: 'm', type: 'message', content: [{ type: 'output_text', text: 'x' }] },
      }),
    ])
    const items = events.flatMap((event) => (event.type === 'thread.item.done' ? event.item : []))
    expect(items.map((done) => (done.type === 'workflow' ? done.workflow.type : done.type))).toEqual([
      'reasoning',
      'hidden_context_item',
      'custom',
      'assistant_message',
    ])
    expect(halfOpen(events)).toEqual([])
  })

  test('are closed and kept as unanswered if the turn is interrupted', () => {
    const mapping = bridge()
    const events = [called('a'), normalised({ type: 'output_text_delta', delta: '  ' })].flatMap((event) => [
      ...mapping.take(event),
    ])
    const closing = [...mapping.interrupt()]
    expect(halfOpen([...events, ...closing])).toEqual([])
    expect(closing.find((event) => event.type === 'thread.item.removed')).toBeDefined()
    expect(JSON.stringify(closing)).toContain('may or may not have taken effect')
    expect([...mapping.interrupt(), ...mapping.end()]).toEqual([])
  })
})

describe('tools of the model’s provider', () => {
  const added = (item: object) => raw({ type: 'response.output_item.added', item })
  const finished = (item: object) => raw({ type: 'response.output_item.done', item })
  const tasks = (events: ThreadStreamEvent[]) =>
    events.flatMap((event) => {
      if (event.type === 'thread.item.added' && event.item.type === 'workflow') return event.item.workflow.tasks
      return event.type === 'thread.item.updated' && 'task' in event.update ? event.update.task : []
    })

  test('a web search shows its queries and sources, after the reasoning and in the same workflow', () => {
    const sources = [
      { type: 'url', url: 'https://example.com/a' },
      { url: 'javascript:alert(1)' },
      { url: 'https://example.com/b', title: 'B' },
    ]
    const events = replay([
      added({ id: 'rs', type: 'reasoning', summary: [] }),
      raw({ type: 'response.reasoning_summary_text.done', item_id: 'rs', summary_index: 0, text: 'Let me look.' }),
      added({ id: 'ws', type: 'web_search_call', status: 'in_progress' }),
      finished({
        id: 'ws',
        type: 'web_search_call',
        action: { type: 'search', query: 'q', queries: ['q', 'r'], sources },
      }),
    ])
    expect(tasks(events)).toEqual([
      { type: 'thought', status_indicator: 'none', content: 'Let me look.' },
      { type: 'web_search', status_indicator: 'loading', title: 'Searching the web', queries: [], sources: [] },
      {
        type: 'web_search',
        status_indicator: 'complete',
        title: 'Searched the web (<0.1 s)',
        title_query: 'q',
        queries: ['q', 'r'],
        sources: [
          { type: 'url', url: 'https://example.com/a', title: 'https://example.com/a' },
          { type: 'url', url: 'https://example.com/b', title: 'B' },
        ],
      },
    ])
    expect(events.filter(({ type }) => type === 'thread.item.done')).toHaveLength(1)
    const page = replay([
      finished({
        id: 'p',
        type: 'web_search_call',
        action: { type: 'find_in_page', url: 'https://example.com', pattern: 'x' },
      }),
    ])
    expect(tasks(page).at(-1)).toMatchObject({
      title: 'Read a page (<0.1 s)',
      queries: ['x'],
      sources: [{ url: 'https://example.com' }],
    })
  })

  test('file searches, code and MCP calls of the provider have their own lines', () => {
    const events = replay([
      added({ id: 'fs', type: 'file_search_call', queries: ['q'] }),
      added({ id: 'ci', type: 'code_interpreter_call', code: null }),
      finished({
        id: 'fs',
        type: 'file_search_call',
        queries: ['q'],
        results: [{ filename: 'a.pdf' }, { filename: 'a.pdf' }, {}],
      }),
      finished({ id: 'ci', type: 'code_interpreter_call', code: 'print("```")' }),
      finished({
        id: 'mc',
        type: 'mcp_call',
        name: 'look',
        server_label: 's',
        arguments: '{"token":"hunter2"}',
        error: 'no',
      }),
    ])
    const ends = tasks(events).filter(({ status_indicator }) => status_indicator === 'complete')
    expect(ends).toEqual([
      expect.objectContaining({ type: 'file', sources: [{ type: 'file', title: 'a.pdf', filename: 'a.pdf' }] }),
      expect.objectContaining({ title: 'Ran code (<0.1 s)', content: '````python\nprint("```")\n````' }),
      expect.objectContaining({ title: 'look', content: expect.stringContaining('Failed (<0.1 s)') }),
    ])
    expect(JSON.stringify(events)).not.toContain('hunter2')
  })

  test('an interrupted provider call loses its loading indicator', () => {
    const mapping = bridge()
    const events = [...mapping.take(added({ id: 'ws', type: 'web_search_call' })), ...mapping.interrupt()]
    expect(events.at(-1)).toMatchObject({ item: { workflow: { tasks: [{ status_indicator: 'none' }] } } })
    expect(halfOpen(events)).toEqual([])
  })

  test('provider calls are shown when they have ended if there are no raw events', () => {
    const call = {
      type: 'hosted_tool_call',
      id: 'h',
      name: 'web_search_call',
      providerData: { action: { query: 'q' } },
    }
    expect(tasks(replay([item('tool_called', call)])).at(-1)).toMatchObject({
      type: 'web_search',
      title_query: 'q',
      status_indicator: 'complete',
    })
  })
})

test('a handoff is a workflow line that names the next agent', () => {
  const events = replay([
    item('handoff_requested', { type: 'function_call', name: 'transfer_to_Billing_agent', callId: 'h1' }),
    item('handoff_occurred', { type: 'function_call_result', callId: 'h1' }, { targetAgent: { name: 'Billing' } }),
  ])
  expect(events[0]).toMatchObject({
    item: { workflow: { tasks: [{ title: 'Handing to Billing agent', status_indicator: 'loading' }] } },
  })
  expect(events.at(-1)).toMatchObject({
    item: {
      workflow: {
        tasks: [
          { title: 'Handed to Billing', status_indicator: 'complete', handover: { to: 'Billing', state: 'done' } },
        ],
      },
    },
  })
  expect(events.some((event) => event.type === 'thread.item.done' && event.item.type === 'hidden_context_item')).toBe(
    false,
  )
})

describe('images', () => {
  const started = (id: string) =>
    raw({ type: 'response.output_item.added', item: { id, type: 'image_generation_call', result: null } })
  const partial = (item_id: string, partial_image_index: number) =>
    raw({
      type: 'response.image_generation_call.partial_image',
      item_id,
      partial_image_index,
      partial_image_b64: 'AA==',
    })
  const finished = (id: string) =>
    raw({ type: 'response.output_item.done', item: { id, type: 'image_generation_call', result: 'QUJD' } })

  test('show progress by the number of requested previews', () => {
    const mapping = bridge({ partialImages: 3 })
    const events = [started('ig'), partial('ig', 1), partial('ig', 9), finished('ig')].flatMap((event) => [
      ...mapping.take(event),
    ])
    expect(events.flatMap((event) => (event.type === 'thread.item.updated' ? event.update : []))).toMatchObject([
      { progress: 1 / 3 },
      { progress: 1 },
    ])
  })

  test('can be drawn several at once, and one that never finishes is removed', () => {
    const mapping = bridge()
    const events = [started('a'), started('b'), started('c'), finished('b'), finished('a')].flatMap((event) => [
      ...mapping.take(event),
    ])
    events.push(...mapping.end())
    expect(
      events.flatMap((event) =>
        event.type === 'thread.item.done' && event.item.type === 'generated_image' ? event.item.image?.id : [],
      ),
    ).toEqual(['b', 'a'])
    expect(events.filter(({ type }) => type === 'thread.item.removed')).toHaveLength(1)
    expect(halfOpen(events)).toEqual([])
  })

  test('have the URL that the application gives them', () => {
    const asked: unknown[][] = []
    const mapping = bridge({ imageUrl: (...about) => `https://img.example/${asked.push(about)}` })
    const events = [started('ig'), partial('ig', 0), finished('ig')].flatMap((event) => [...mapping.take(event)])
    expect(asked).toEqual([
      ['ig', 'AA==', 0],
      ['ig', 'QUJD', undefined],
    ])
    expect(events.at(-1)).toMatchObject({ item: { image: { url: 'https://img.example/2' } } })
  })
})

describe('citations', () => {
  const part = {
    type: 'response.content_part.added',
    item_id: 'm',
    content_index: 0,
    part: { type: 'output_text', text: '' },
  }
  const cited = (annotation: unknown) =>
    raw({ type: 'response.output_text.annotation.added', item_id: 'm', content_index: 0, annotation })
  const opened = [
    raw({ type: 'response.output_item.added', item: { id: 'm', type: 'message', content: [] } }),
    raw(part),
  ]

  test('are dropped without a gap if they name no source', () => {
    const events = replay([
      ...opened,
      cited({ type: 'file_citation', filename: '', index: 1 }),
      cited({ type: 'file_citation', filename: 'a.txt', index: 2 }),
      cited({ type: 'file_path', file_id: 'f' }),
      cited({ type: 'container_file_citation', filename: 'b.txt', end_index: 3 }),
      cited(null),
    ])
    const updates = events.flatMap((event) =>
      event.type === 'thread.item.updated' && 'annotation' in event.update ? event.update : [],
    )
    expect(
      updates.map(({ annotation_index, annotation }) => [annotation_index, annotation.source, annotation.index]),
    ).toEqual([
      [0, { type: 'file', title: 'a.txt', filename: 'a.txt' }, 2],
      [1, { type: 'file', title: 'b.txt', filename: 'b.txt' }, 3],
    ])
  })

  test('of every kind are in a finished message of two parts', () => {
    const annotations = [
      { type: 'file_citation', filename: 'a.txt', index: 1 },
      { type: 'container_file_citation', filename: 'b.txt', start_index: 0, end_index: 2 },
      { type: 'url_citation', url: 'https://example.com', title: 'E', start_index: 0, end_index: 3 },
      { type: 'file_path', file_id: 'f', index: 4 },
    ]
    const content = [
      { type: 'output_text', text: 'One', annotations },
      { type: 'refusal', refusal: 'Two' },
    ]
    const events = replay([
      ...opened,
      raw({ type: 'response.output_item.done', item: { id: 'm', type: 'message', content } }),
    ])
    expect(events.at(-1)).toMatchObject({
      item: {
        content: [
          {
            text: 'One',
            annotations: [
              { index: 1, source: { type: 'file' } },
              { index: 2, source: { filename: 'b.txt' } },
              { index: 3, source: { type: 'url', title: 'E' } },
            ],
          },
          { text: 'Two', annotations: [] },
        ],
      },
    })
  })

  test('can be made by the application, while they stream and at the end', () => {
    const annotate = () =>
      ({ type: 'annotation', source: { type: 'file', title: 'mine', filename: 'mine' }, index: 7 }) as const
    const mapping = bridge({ annotate })
    const content = [{ type: 'output_text', text: 'x', annotations: [{ type: 'whatever' }] }]
    const events = [
      ...opened,
      cited({ type: 'whatever' }),
      raw({ type: 'response.output_item.done', item: { id: 'm', type: 'message', content } }),
    ].flatMap((event) => [...mapping.take(event)])
    expect(JSON.stringify(events).split('"mine"')).toHaveLength(5)
    expect(events.at(-1)).toMatchObject({ item: { content: [{ annotations: [annotate()] }] } })
  })
})

describe('single events', () => {
  const opened = (...parts: object[]) => [
    raw({ type: 'response.output_item.added', item: { id: 'm', type: 'message', content: [] } }),
    ...parts.map((part, content_index) =>
      raw({ type: 'response.content_part.added', item_id: 'm', content_index, part }),
    ),
  ]
  const text = (value = '') => ({ type: 'output_text', text: value, annotations: [] })
  const last = (events: RunStreamEvent[]) => {
    const mapping = bridge()
    return events.flatMap((event) => [...mapping.take(event)]).at(-1)
  }

  test('a content part is added', () => {
    expect(last(opened(text(), text('x')))).toEqual({
      type: 'thread.item.updated',
      item_id: 'message_1',
      update: { type: 'assistant_message.content_part.added', content_index: 1, content: text('x') },
    })
  })

  test('a content part is done', () => {
    expect(
      last([
        ...opened(text()),
        raw({ type: 'response.output_text.done', item_id: 'm', content_index: 0, text: 'All.' }),
      ]),
    ).toMatchObject({
      update: { type: 'assistant_message.content_part.done', content_index: 0, content: text('All.') },
    })
  })

  test('a file citation is added', () => {
    const annotation = { type: 'file_citation', file_id: 'f', filename: 'a.txt', index: 5 }
    expect(
      last([
        ...opened(text()),
        raw({ type: 'response.output_text.annotation.added', item_id: 'm', content_index: 0, annotation }),
      ]),
    ).toMatchObject({
      update: {
        type: 'assistant_message.content_part.annotation_added',
        content_index: 0,
        annotation_index: 0,
        annotation: { type: 'annotation', source: { type: 'file', title: 'a.txt', filename: 'a.txt' }, index: 5 },
      },
    })
  })
})

describe('refusals and raw reasoning', () => {
  const chunk = (delta: object) =>
    ({
      type: 'raw_model_stream_event',
      source: 'openai-chat-completions',
      data: {
        type: 'model',
        event: { choices: [{ delta }] },
        providerData: { rawModelEventSource: 'openai-chat-completions' },
      },
    }) as unknown as RunStreamEvent
  const deltas = (events: ThreadStreamEvent[]) =>
    events.flatMap((event) =>
      event.type === 'thread.item.updated' && event.update.type === 'assistant_message.content_part.text_delta'
        ? event.update.delta
        : [],
    )

  test('a refusal over Chat Completions streams, and is one part of the message', () => {
    const events = replay([
      chunk({ refusal: 'I ' }),
      chunk({ refusal: 'cannot.' }),
      done([{ type: 'message', content: [{ type: 'refusal', refusal: 'I cannot.' }] }]),
    ])
    expect(deltas(events)).toEqual(['I ', 'cannot.'])
    expect(events.at(-1)).toMatchObject({ item: { content: [{ text: 'I cannot.' }] } })
    expect(types(events).filter((type) => type.endsWith('part.added'))).toHaveLength(1)
  })

  test('a refusal after text is a part of its own', () => {
    const content = [
      { type: 'output_text', text: 'Well.' },
      { type: 'refusal', refusal: 'No.' },
    ]
    const events = replay([
      normalised({ type: 'output_text_delta', delta: 'Well.' }),
      chunk({ refusal: 'No.' }),
      done([{ type: 'message', content }]),
    ])
    expect(deltas(events)).toEqual(['Well.', 'No.'])
    expect(events.at(-1)).toMatchObject({ item: { content: [{ text: 'Well.' }, { text: 'No.' }] } })
  })

  test('raw reasoning of the Responses API streams like a summary', () => {
    const events = replay([
      raw({ type: 'response.reasoning_text.delta', item_id: 'r', content_index: 0, delta: 'Hm' }),
      raw({ type: 'response.reasoning_text.delta', item_id: 'r', content_index: 0, delta: 'm.' }),
      raw({ type: 'response.reasoning_text.done', item_id: 'r', content_index: 0, text: 'Hmm.' }),
    ])
    expect(types(events)).toEqual([
      'thread.item.added',
      'workflow.task.added',
      'workflow.task.updated',
      'workflow.task.updated',
      'thread.item.done',
    ])
    expect(events.at(-1)).toMatchObject({ item: { workflow: { type: 'reasoning', tasks: [{ content: 'Hmm.' }] } } })
  })
})

describe('what tools put into the chat', () => {
  const widget: ThreadItem = {
    id: 'w',
    thread_id: 'thr_1',
    created_at: '2026-01-01T00:00:00Z',
    type: 'widget',
    widget: { type: 'Card' },
  }

  test('an item from a tool ends the workflow before it; a progress update does not', () => {
    const mapping = bridge()
    const events = [
      ...mapping.startWorkflow({ type: 'reasoning' }),
      ...mapping.show({ type: 'progress_update', text: 'x' }),
      ...mapping.show({ type: 'thread.item.done', item: widget }),
    ]
    expect(types(events)).toEqual(['thread.item.added', 'progress_update', 'thread.item.done', 'thread.item.done'])
    expect(events[2]).toMatchObject({ item: { type: 'workflow' } })
  })

  test('a second workflow closes the first, and a workflow without a task is never shown', () => {
    const mapping = bridge()
    const events = [
      ...mapping.addTask({ type: 'custom', status_indicator: 'none', title: 'one' }),
      ...mapping.startWorkflow({ type: 'custom' }),
      ...mapping.endWorkflow(),
    ]
    expect(types(events)).toEqual(['thread.item.added', 'thread.item.done'])
    expect([...mapping.endWorkflow(), ...mapping.end()]).toEqual([])
  })

  test('a workflow that a tool sends itself is continued, and its summary title stays', () => {
    const mapping = bridge()
    const own: ThreadItem = { ...OLD, id: 'wf_own', workflow: { ...OLD.workflow, summary: { title: 'Mine' } } }
    const events = [
      ...mapping.show({ type: 'thread.item.added', item: own }),
      ...mapping.addTask({ type: 'custom', status_indicator: 'none', title: 'two' }),
    ]
    expect(events.at(-1)).toMatchObject({ item_id: 'wf_own', update: { type: 'workflow.task.added', task_index: 1 } })
    expect([...mapping.end()]).toMatchObject([{ item: { id: 'wf_own', workflow: { summary: { title: 'Mine' } } } }])
  })

  test('tasks of tools are counted apart from the lines of calls, and a late result changes no other workflow', () => {
    const mapping = bridge()
    const call = item('tool_called', { type: 'function_call', callId: 'a', name: 'add_task', arguments: '{}' })
    const events = [
      ...mapping.take(call),
      ...mapping.addTask({ type: 'custom', status_indicator: 'loading', title: 'mine' }),
    ]
    events.push(
      ...mapping.updateTask(0, { type: 'custom', status_indicator: 'complete', title: 'mine' }),
      ...mapping.updateTask(5, { type: 'image', status_indicator: 'none' }),
    )
    expect(events.at(-1)).toMatchObject({
      update: { task_index: 1, task: { title: 'mine', status_indicator: 'complete' } },
    })
    events.push(
      ...mapping.startWorkflow({
        type: 'custom',
        tasks: [{ type: 'custom', status_indicator: 'none', title: 'other' }],
      }),
    )
    expect([...mapping.settled('a', { server: 's', tool: 't', durationMs: 1 })]).toEqual([])
    expect(halfOpen([...events, ...mapping.end()])).toEqual([])
  })
})

test('a call that is settled before the run reports its start ends with what was reported', () => {
  const mapping = bridge()
  const failure = { class: 'denied', sentence: 'This is not allowed. (denied)' } as const
  const events = [
    ...mapping.settled('a', { server: 's', tool: 'wipe', durationMs: 1, failure }),
    ...mapping.take(item('tool_called', { type: 'function_call', callId: 'a', name: 'wipe', arguments: '{}' })),
    ...mapping.take(item('tool_output', { type: 'function_call_result', callId: 'a', output: 'refused' })),
  ]
  expect(JSON.stringify(events)).toContain('This is not allowed. (denied)')
  expect(halfOpen([...events, ...mapping.end()])).toEqual([])
})

describe('a guardrail', () => {
  test('removes everything that the turn has shown or kept', () => {
    const mapping = bridge()
    const events = [
      raw({ type: 'response.output_item.added', item: { id: 'rs', type: 'reasoning', summary: [] } }),
      raw({ type: 'response.output_item.added', item: { id: 'm', type: 'message', content: [] } }),
      item('tool_called', { type: 'function_call', callId: 'a', name: 'add_task', arguments: '{}' }),
      item('tool_output', { type: 'function_call_result', callId: 'a', output: 'x' }),
    ].flatMap((event) => [...mapping.take(event)])
    const shown = new Set(events.flatMap((event) => ('item' in event ? event.item.id : [])))
    const removed = [...mapping.rollBack()].map((event) => (event.type === 'thread.item.removed' ? event.item_id : ''))
    expect(new Set(removed)).toEqual(shown)
    expect(shown.size).toBe(4)
    expect([...mapping.rollBack()]).toEqual([])
  })
})
