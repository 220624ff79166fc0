import { readFileSync } from 'node:fs'
import type { RunStreamEvent } from '@openai/agents'
import { describe, expect, test } from 'vitest'
import { TurnEvents } from '#lib/agent/events.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WorkflowItem } from '#lib/chatkit/protocol/items.ts'
import { halfOpen } from '#tests/support/turns.ts'

type Recorded = { responses_event?: object; context?: string; tool_called?: object }
type Scenario = { name: string; input: Recorded[]; expected_events: ThreadStreamEvent[]; store_added_directly: ThreadStreamEvent[] }

/** What the Python bridge made of raw Responses events. */
const scenarios: Scenario[] = JSON.parse(readFileSync(new URL('golden/agents-bridge.json', import.meta.url), 'utf8'))

function bridge() {
  let count = 0
  return new TurnEvents({
    threadId: 'thr_1',
    newItemId: (kind) => `${kind}_${++count}`,
    now: () => new Date('2026-01-01T00:00:00Z'),
  })
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

/** Events with ids by their order of appearance and without times: the rest must be equal. */
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
  workflow: { type: 'reasoning', tasks: [{ type: 'thought', status_indicator: 'none', content: 'old' }], expanded: false },
}

describe('recordings of the Python bridge', () => {
  for (const { name, input, expected_events, store_added_directly } of scenarios) {
    // Events of an application's own beside the run's (client tools, its own workflows) have no way in yet.
    if (input.some((entry) => !entry.responses_event)) {
      test.todo(name)
      continue
    }
    test(name, () => {
      const mapping = bridge()
      if (name.startsWith('resume')) mapping.resume(OLD)
      const events = replay(
        input.map(({ responses_event }) => raw(responses_event ?? {})),
        mapping,
      )
      // Python leaves a workflow without a message open and stores it in silence; ours is closed with an event.
      const open = store_added_directly.length
      const closing = events.slice(events.length - open)
      expect(comparable(events.slice(0, events.length - open))).toEqual(comparable(expected_events))
      expect(closing.map(({ type }) => type)).toEqual(store_added_directly.map(() => 'thread.item.done'))
      expect(halfOpen(events)).toEqual([])
    })
  }
})

const done = (output: object[]) => normalised({ type: 'response_done', response: { id: 'r', output, usage: {} } })
const message = (text: string, more: object = {}) => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text, ...more }],
})
const types = (events: ThreadStreamEvent[]) => events.map((event) => ('update' in event ? event.update.type : event.type))

describe('models without raw events', () => {
  test('deltas become one message with an id of its own, whatever the model calls it', () => {
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

  test('an answer without deltas, a refusal and nested citations come through', () => {
    const citation = { type: 'url_citation', url_citation: { url: 'https://example.com', title: 'Example', start_index: 0, end_index: 4 } }
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
        annotations: [{ type: 'annotation', source: { type: 'url', title: 'Example', url: 'https://example.com' }, index: 4 }],
      },
      { type: 'output_text', text: 'No.', annotations: [] },
    ])
  })

  test('thoughts that come only at the end are shown before the message', () => {
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
    item('tool_output', { type: 'function_call_result', callId, name: 'add_task', output: { type: 'text', text } }, { customData: facts })

  test('are lines of one workflow, from loading to complete with their time, and kept for the model', () => {
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
    expect(events[0]).toMatchObject({ item: { workflow: { type: 'custom', tasks: [{ title: 'add_task', status_indicator: 'loading' }] } } })
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

  test('are kept clipped, their arguments as JSON all the same', () => {
    const events = replay([called('a', 'save_note', JSON.stringify({ body: 'x'.repeat(50_000) })), output('a', 'y'.repeat(50_000))])
    const kept = events.flatMap((event) =>
      event.type === 'thread.item.done' && event.item.type === 'hidden_context_item' ? event.item.content : [],
    )
    const { arguments: args, output: text } = kept[0] as { arguments: string; output: string }
    expect(JSON.parse(args)).toHaveProperty('clipped')
    expect(args.length + text.length).toBeLessThan(15_000)
    const broken = replay([called('b', 'add_task', '{"title": "ha'), output('b', 'no')]).find(({ type }) => type === 'thread.item.done')
    expect(broken).toMatchObject({ item: { content: { arguments: JSON.stringify({ unreadable: '{"title": "ha' }) } } })
  })

  test('show why they failed, and no secret', () => {
    const events = replay([
      called('a', 'sign_in', '{"password":"hunter2","x":"`"}'),
      output('a', 'no', { durationMs: 60_000, failure: { class: 'hard_timeout', sentence: 'Too slow.' } }),
    ])
    expect(JSON.stringify(events.filter(({ type }) => type !== 'thread.item.done'))).not.toContain('hunter2')
    expect(events[1]).toMatchObject({
      update: { task: { content: expect.stringContaining('Failed (60.0 s): Too slow.'), icon: 'circle-question' } },
    })
  })

  test('end the thoughts before them and are ended by the message after them', () => {
    const events = replay([
      raw({ type: 'response.output_item.added', item: { id: 'r', type: 'reasoning', summary: [] } }),
      called('a'),
      output('a', 'x'),
      raw({ type: 'response.output_item.added', item: { id: 'm', type: 'message', content: [] } }),
      raw({ type: 'response.output_item.done', item: { id: 'm', type: 'message', content: [{ type: 'output_text', text: 'x' }] } }),
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

  test('that are cut off by the end of the turn are closed and kept as unanswered', () => {
    const mapping = bridge()
    const events = [called('a'), normalised({ type: 'output_text_delta', delta: '  ' })].flatMap((event) => [...mapping.take(event)])
    const closing = [...mapping.interrupt()]
    expect(halfOpen([...events, ...closing])).toEqual([])
    expect(closing.find((event) => event.type === 'thread.item.removed')).toBeDefined()
    expect(JSON.stringify(closing)).toContain('may or may not have taken effect')
    expect([...mapping.interrupt(), ...mapping.end()]).toEqual([])
  })
})
