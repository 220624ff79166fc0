import { Agent, run as runAgent, type Tool, tool } from '@openai/agents'
import { assistantMessage, functionCall, modelStream, ScriptedModel } from '@openai/agents/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { isGuardrail } from '#lib/agent/models/openai/failures/turn-failure.ts'
import { ChatContext, type SideStep } from '#lib/agent/stream/chat-context.ts'
import { mergeEvents, SideEvents } from '#lib/agent/stream/side-events.ts'
import { TurnEvents } from '#lib/agent/stream/turn-events.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { Thread } from '#lib/chatkit/protocol/thread.ts'
import { Card, Text } from '#lib/chatkit/server/widgets/components.ts'
import { accumulateText } from '#lib/chatkit/server/widgets/stream-widget.ts'
import { kinds } from '#tests/support/chatkit/chatkit.ts'
import { memoryStore } from '#tests/support/chatkit/memory-store.ts'
import { halfOpen } from '#tests/support/conversation.ts'

// Agent tools that write into the chat, on the real SDK with a scripted model.

type Facts = { chat: ChatContext }
const THREAD: Thread = { id: 'thr_1', created_at: '2026-01-01T00:00:00Z', status: { type: 'active' }, metadata: {} }

/** A tool without arguments that does `work` in the chat. */
const chatTool = (
  name: string,
  work: (chat: ChatContext, call: { callId?: string; id?: string }) => unknown,
): Tool<Facts> =>
  tool({
    name,
    description: name,
    parameters: z.object({}),
    execute: async (_, context, details) => {
      await work((context as { context: Facts }).context.chat, {
        callId: details?.toolCall?.callId,
        id: details?.toolCall?.id,
      })
      return 'done'
    },
  })

type Script = {
  tools?: Tool<Facts>[]
  stopAt?: string[]
  agent?: object
  steps: ConstructorParameters<typeof ScriptedModel>[0]
}

/** The thread events of one run, and the error it threw. */
async function turn({ tools = [], stopAt = [], agent: more, steps: script }: Script) {
  const steps = new SideEvents<SideStep>()
  const store = memoryStore()
  const events = new TurnEvents(
    { threadId: THREAD.id, newItemId: (kind) => store.newItemId(kind), now: () => new Date() },
    { clientTools: new Set(stopAt) },
  )
  const context = { chat: new ChatContext(THREAD, store, steps) }
  const agent = new Agent<Facts>({
    name: 'Test',
    model: new ScriptedModel(script),
    tools,
    toolUseBehavior: { stopAtToolNames: stopAt },
    ...more,
  })
  const told: ThreadStreamEvent[] = []
  let error: unknown
  try {
    const result = await runAgent(agent, 'hi', { stream: true, context })
    for await (const event of mergeEvents(result, steps))
      told.push(...('main' in event ? events.take(event.main) : event.side(events)))
    await result.completed
    told.push(...events.end())
  } catch (thrown) {
    error = thrown
    told.push(...(isGuardrail(thrown) ? events.rollBack() : events.interrupt()))
  }
  return { events: told, error }
}

const call = (name: string, id = 'fc_1') => [functionCall(name, {}, { callId: `call_${id}`, id })]
const visible = (events: ThreadStreamEvent[]) => kinds(events).filter((kind) => !kind.includes('hidden'))

test('a finished widget from a tool is one item', async () => {
  const { events } = await turn({
    tools: [chatTool('show', (chat) => chat.streamWidget(Card({ children: [Text({ value: 'x' })] }), 'x'))],
    steps: [call('show'), [assistantMessage('There it is.')]],
  })
  const widget = events.find((event) => event.type === 'thread.item.done' && event.item.type === 'widget')
  expect(widget).toMatchObject({
    item: { thread_id: 'thr_1', copy_text: 'x', widget: { type: 'Card', children: [{ type: 'Text', value: 'x' }] } },
  })
  expect(visible(events)).toContain('thread.item.done assistant_message')
  expect(halfOpen(events)).toEqual([])
})

test('a tool’s widget streams while the run waits for the tool', async () => {
  const seen = Promise.withResolvers<void>()
  async function* states() {
    yield Card({ children: [Text({ id: 't', value: 'He', streaming: true })] })
    yield Card({ children: [Text({ id: 't', value: 'Hello', streaming: true })] })
    // The run is silent until this tool ends, so the events must come before that.
    await seen.promise
  }
  const steps = new SideEvents<SideStep>()
  const events = new TurnEvents({ threadId: 'thr_1', newItemId: () => 'x', now: () => new Date() })
  const chat = new ChatContext(THREAD, memoryStore(), steps)
  const tool = chat.streamWidget(states())
  async function* silentRun(): AsyncGenerator<never> {
    await tool
    yield* []
  }
  const told: ThreadStreamEvent[] = []
  for await (const event of mergeEvents(silentRun(), steps)) {
    told.push(...('main' in event ? [] : event.side(events)))
    if (told.length === 2) seen.resolve()
  }
  expect(told).toMatchObject([
    { type: 'thread.item.added' },
    { update: { type: 'widget.streaming_text.value_delta', delta: 'llo' } },
    { type: 'thread.item.done', item: { widget: { children: [{ value: 'Hello' }] } } },
  ])
})

test('a widget is replaced as a whole if its root changes', async () => {
  async function* states() {
    yield Card({ id: 'a', children: [] })
    yield Card({ id: 'b', children: [] })
  }
  const { events } = await turn({
    tools: [chatTool('show', (chat) => chat.streamWidget(states()))],
    steps: [call('show'), [assistantMessage('ok')]],
  })
  const updates = events.flatMap((event) =>
    event.type === 'thread.item.updated' && event.update.type.startsWith('widget') ? event.update : [],
  )
  expect(updates).toEqual([{ type: 'widget.root.updated', widget: { type: 'Card', id: 'b', children: [] } }])
  const done = events.find((event) => event.type === 'thread.item.done' && event.item.type === 'widget') as {
    item: WidgetItem
  }
  expect(done.item.widget.id).toBe('b')
})

test('text that arrives in pieces grows inside a widget, which stops streaming at the end', async () => {
  const model = new ScriptedModel([
    modelStream([
      { type: 'output_text_delta', delta: 'He' },
      { type: 'output_text_delta', delta: 'llo' },
      {
        type: 'response_done',
        response: {
          id: 'r',
          output: [assistantMessage('Hello')],
          usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
        },
      },
    ]),
  ])
  const result = await runAgent(new Agent({ name: 'Test', model }), 'hi', { stream: true })
  const states: unknown[] = []
  for await (const state of accumulateText(
    result.toTextStream() as unknown as AsyncIterable<string>,
    Text({ id: 't', value: '' }),
  ))
    states.push(state)
  expect(states).toEqual(
    ['', 'He', 'Hello', 'Hello'].map((value, index) => ({ type: 'Text', id: 't', value, streaming: index < 3 })),
  )
})

test('a client tool ends the turn, keeps the ids of its call and adds no workflow line', async () => {
  const { events } = await turn({
    tools: [
      chatTool('pick_colour', (chat, { callId, id }) =>
        chat.callClientTool({ name: 'pick_colour', arguments: { now: true }, callId, itemId: id }),
      ),
    ],
    stopAt: ['pick_colour'],
    steps: [call('pick_colour', 'fc_123')],
  })
  expect(events).toEqual([
    {
      type: 'thread.item.done',
      item: {
        id: 'fc_123',
        thread_id: 'thr_1',
        created_at: expect.any(String),
        type: 'client_tool_call',
        status: 'pending',
        call_id: 'call_fc_123',
        name: 'pick_colour',
        arguments: { now: true },
      },
    },
  ])
})

test('events of tools and of the run are merged in order, including workflows of tools', async () => {
  const { events } = await turn({
    tools: [
      chatTool('work', (chat) => {
        chat.stream({ type: 'progress_update', text: 'Looking' })
        chat.startWorkflow({ type: 'custom' })
        chat.addWorkflowTask({ type: 'custom', status_indicator: 'loading', title: 'one' })
        chat.updateWorkflowTask(0, { type: 'custom', status_indicator: 'complete', title: 'one' })
        chat.endWorkflow({ title: 'Looked' }, true)
      }),
    ],
    steps: [call('work'), [assistantMessage('Found.')]],
  })
  expect(visible(events)).toEqual([
    'thread.item.added workflow',
    'progress_update',
    'thread.item.done workflow',
    'thread.item.added workflow',
    'thread.item.updated',
    'thread.item.done workflow',
    'thread.item.added assistant_message',
    ...Array(3).fill('thread.item.updated'),
    'thread.item.done assistant_message',
  ])
  expect(events).toContainEqual(
    expect.objectContaining({
      item: expect.objectContaining({
        workflow: expect.objectContaining({ summary: { title: 'Looked' }, expanded: true }),
      }),
    }),
  )
  expect(halfOpen(events)).toEqual([])
})

const trips = { name: 'no', execute: async () => ({ tripwireTriggered: true, outputInfo: {} }) }

test.each([
  ['input', { inputGuardrails: [{ ...trips, runInParallel: true }] }],
  ['output', { outputGuardrails: [trips] }],
])('a guardrail on the %s removes what was already shown', async (_, agent) => {
  const { events, error } = await turn({
    agent,
    tools: [chatTool('show', (chat) => chat.streamWidget(Card({ children: [] })))],
    steps: [call('show'), [assistantMessage('Never to be seen.')]],
  })
  expect(isGuardrail(error)).toBe(true)
  const shown = new Set(
    events.flatMap((event) =>
      event.type === 'thread.item.added' || event.type === 'thread.item.done' ? event.item.id : [],
    ),
  )
  const removed = events.flatMap((event) => (event.type === 'thread.item.removed' ? event.item_id : []))
  expect(new Set(removed)).toEqual(shown)
})
