import { expect, test, vi } from 'vitest'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { Deps, RepeatedTurn } from '#lib/chatkit/server/deps.ts'
import { serveChatKit } from '#lib/chatkit/server/serve-chatkit.ts'
import { message, readReply, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { memoryStore } from '#tests/support/chatkit/memory-store.ts'

// The ChatKit server as others use it: one request in, one HTTP response out.

/** A server on a store in memory. `ask` sends one request, whose client id is `requestId`. */
function server(extra: Partial<Deps<void>> = {}) {
  const store = memoryStore()
  const deps: Deps<void> = {
    store,
    respond: (turn) => message(turn, ['ok']),
    limits: { messageMaxChars: 1_000 },
    ...extra,
  }
  const ask = async (type: string, params: object, requestId?: string) =>
    readReply(await serveChatKit({ type, params, metadata: { request_id: requestId } }, deps, undefined))
  return { store, ask, begin: async () => threadOf(await ask('threads.create', { input: typed('hi') })) }
}

const at = (thread_id: string) => ({ thread_id, created_at: new Date().toISOString() })

const assistant = (thread_id: string, id: string, text: string): ThreadItem => ({
  ...{ id, ...at(thread_id) },
  type: 'assistant_message',
  content: [{ type: 'output_text', text, annotations: [] }],
})

test('a synchronous action that is sent again gets the same JSON answer, not a stream', async () => {
  const turns = new Map<string, RepeatedTurn>()
  const act = async function* ({ sender }: { sender: WidgetItem | null }): AsyncGenerator<ThreadStreamEvent> {
    if (sender) yield { type: 'thread.item.replaced', item: { ...sender, widget: { type: 'Card', key: 'done' } } }
  }
  const { store, ask, begin } = server({
    act,
    turns: { stop: async () => false, attach: async () => null, findRepeated: async (id) => turns.get(id) ?? null },
  })
  const thread_id = await begin()
  const widget = { ...at(thread_id), id: 'w', type: 'widget', widget: { type: 'Card' } } as WidgetItem
  await store.addItem(thread_id, widget)
  const params = { thread_id, item_id: 'w', action: { type: 'do', payload: null } }
  const first = await ask('threads.sync_custom_action', params, 'request-1')
  expect(first.data).toMatchObject({ updated_item: { id: 'w', widget: { key: 'done' } } })
  // The answer's events are not kept any more: the stored thread answers.
  turns.set('request-1', { runId: 'run_1', threadId: thread_id })
  const again = await ask('threads.sync_custom_action', params, 'request-1')
  expect(again.headers.get('content-type')).toMatch(/^application\/json/)
  expect(again.data).toEqual(first.data)
})

test.each([25, 250])('a client tool call is found even if %i items were added after it', async (count) => {
  const { store, ask, begin } = server()
  const thread_id = await begin()
  const call = { ...at(thread_id), type: 'client_tool_call', status: 'pending', call_id: 'c', name: 'locate' }
  await store.addItem(thread_id, { ...call, id: 'call', arguments: {} } as ThreadItem)
  for (let index = 0; index < count; index += 1)
    await store.addItem(thread_id, {
      ...{ ...at(thread_id), id: `note_${index}` },
      ...{ type: 'hidden_context_item', content: index },
    } as ThreadItem)
  const { status, events } = await ask('threads.add_client_tool_output', { thread_id, result: { lat: 1 } })
  expect([status, events.at(-1)?.type]).toEqual([200, 'thread.item.done'])
  expect(await store.loadItem(thread_id, 'call')).toMatchObject({ status: 'completed', output: { lat: 1 } })
})

test('a client tool call before the last message is not answered', async () => {
  const { store, ask, begin } = server()
  const thread_id = await begin()
  const call = { ...at(thread_id), type: 'client_tool_call', status: 'pending', call_id: 'c', name: 'locate' }
  await store.addItem(thread_id, { ...call, id: 'call', arguments: {} } as ThreadItem)
  await ask('threads.add_user_message', { thread_id, input: typed('never mind') })
  const { status } = await ask('threads.add_client_tool_output', { thread_id, result: 1 })
  expect(status).toBe(409)
})

/** Streams three messages and leaves them open. */
const threeOpen: Deps<void>['respond'] = async function* ({ thread }) {
  for (const id of ['one', 'two', 'three'])
    yield { type: 'thread.item.added', item: assistant(thread.id, id, `Text ${id}.`) }
}

/** What each item's last event is: how the client shows it in the end. */
function endings(events: ThreadStreamEvent[]): Record<string, string> {
  const last: Record<string, string> = {}
  for (const event of events) {
    if ('item' in event && event.item.type === 'assistant_message') last[event.item.id] = event.type
    if ('item_id' in event) last[event.item_id] = event.type
  }
  return last
}

test('if the store refuses one open item at the end, the others are kept and the failure is reported', async () => {
  const failures: unknown[] = []
  const { store, ask } = server({ respond: threeOpen, onFailure: (error) => void failures.push(error) })
  const { addItem } = store
  const refusal = new Error('value too long')
  vi.spyOn(store, 'addItem').mockImplementation(async (threadId, item) => {
    if (item.id === 'one') throw refusal
    return addItem(threadId, item)
  })
  const reply = await ask('threads.create', { input: typed('hi') })
  expect(endings(reply.events)).toEqual({
    one: 'thread.item.removed',
    two: 'thread.item.done',
    three: 'thread.item.done',
  })
  expect(reply.events.at(-1)).toMatchObject({ type: 'error', allow_retry: true })
  expect(failures).toEqual([refusal])
  const { data } = await store.listItems(threadOf(reply), { limit: 50, order: 'asc' })
  expect(data.map(({ id }) => id)).toEqual([expect.any(String), 'two', 'three'])
})

test('an item that the store refuses when it is done does not stay open, and neither do the others', async () => {
  const { store, ask } = server({
    respond: async function* (turn, context) {
      yield* threeOpen(turn, context)
      yield { type: 'thread.item.done', item: assistant(turn.thread.id, 'two', 'Text two, whole.') }
    },
  })
  const { addItem } = store
  vi.spyOn(store, 'addItem').mockImplementation(async (threadId, item) => {
    if (item.id === 'two') throw new Error('value too long')
    return addItem(threadId, item)
  })
  const reply = await ask('threads.create', { input: typed('hi') })
  expect(endings(reply.events)).toEqual({
    one: 'thread.item.done',
    two: 'thread.item.removed',
    three: 'thread.item.done',
  })
  expect(reply.events.at(-1)).toMatchObject({ type: 'error' })
})

test('a store that cannot be reached is asked once, and every open item is removed', async () => {
  const { store, ask } = server({ respond: threeOpen })
  const { addItem } = store
  const asked: string[] = []
  vi.spyOn(store, 'addItem').mockImplementation(async (threadId, item) => {
    if (item.type === 'user_message') return addItem(threadId, item)
    asked.push(item.id)
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  })
  const reply = await ask('threads.create', { input: typed('hi') })
  expect(asked).toEqual(['one'])
  expect(endings(reply.events)).toEqual({
    one: 'thread.item.removed',
    two: 'thread.item.removed',
    three: 'thread.item.removed',
  })
  expect(reply.events.at(-1)).toMatchObject({ type: 'error', allow_retry: true })
})
