import { beforeEach, expect, test } from 'vitest'
import { handleAction as agentAct } from '#lib/agent/handle-action.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadItem, WidgetItem } from '#lib/chatkit/protocol/items.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Act } from '#lib/chatkit/server/turn.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { addTask } from '#lib/data/notebook/tasks.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { door, kinds, say, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'

// A widget's action over HTTP: as a stream, and with `streaming: false` as one object that contains
// the changed item.

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person
let thread_id: string

beforeEach(async () => {
  ann = await signedIn()
  thread_id = threadOf(await door(ann)({ type: 'threads.create', params: { input: typed('hi') } }))
  await put({ id: 'card', type: 'widget', widget: { type: 'Card', children: [{ type: 'Text', value: '0' }] } })
})

const put = (item: object) =>
  createPrismaStore(ann.caller).addItem(thread_id, {
    thread_id,
    created_at: '2026-01-01T00:00:00Z',
    ...item,
  } as ThreadItem)
const stored = async (id = 'card') => (await createPrismaStore(ann.caller).loadItem(thread_id, id)) as WidgetItem
const press = (
  type: 'custom' | 'sync_custom',
  item_id: string | undefined = 'card',
  action: object = { type: 'count' },
  metadata = {},
) => ({
  type: `threads.${type}_action`,
  params: { thread_id, item_id, action },
  metadata,
})

let pressed: number
const count: Act<TurnContext> = async function* ({ sender, thread, action }) {
  pressed += 1
  if (action.type !== 'count') throw new CustomStreamError('This button does nothing here.')
  thread.metadata = { pressed }
  if (sender)
    yield {
      type: 'thread.item.replaced',
      item: { ...sender, widget: { type: 'Card', children: [{ type: 'Text', value: String(pressed) }] } },
    }
}
beforeEach(() => {
  pressed = 0
})

test('an action is answered as a stream or as one object; either way it is stored and has a run', async () => {
  const ask = door(ann, say('x'), count)
  expect(kinds((await ask(press('custom'))).events)).toEqual([
    'stream_options',
    'thread.item.replaced widget',
    'thread.updated',
  ])
  const reply = await ask(press('sync_custom'))
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/json'])
  expect(reply.data).toEqual({ updated_item: await stored() })
  expect(await stored()).toMatchObject({ widget: { children: [{ value: '2' }] } })
  expect((await ask({ ...press('sync_custom'), params: { thread_id, action: { type: 'count' } } })).data).toEqual({})
  const runs = await withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'desc' }, take: 2 }))
  expect(runs).toMatchObject([
    { operation: 'threads.sync_custom_action', status: 'done' },
    { id: reply.headers.get('x-run-id') },
  ])
})

test('an action that is sent twice with one request id runs once and is answered twice', async () => {
  const ask = door(ann, say('x'), count)
  const request = press('sync_custom', 'card', { type: 'count' }, { request_id: crypto.randomUUID() })
  const replies = [await ask(request), ...(await Promise.all([ask(request), ask(request)]))]
  for (const { status, data } of replies) expect([status, data]).toEqual([200, { updated_item: await stored() }])
  expect(pressed).toBe(1)
})

test('a refused action is a 409 with its sentence, an item of another type a 400 and a missing item a 404', async () => {
  const ask = door(ann, say('x'), count)
  const message = (await createPrismaStore(ann.caller).listItems(thread_id, { limit: 1, order: 'asc' })).data[0]?.id
  expect(await ask(press('sync_custom', 'card', { type: 'other' }))).toMatchObject({
    status: 409,
    data: { message: 'This button does nothing here.' },
  })
  expect((await ask(press('sync_custom', message))).status).toBe(400)
  expect((await ask(press('sync_custom', 'nope'))).status).toBe(404)
  expect(await door(ann)(press('sync_custom'))).toMatchObject({
    status: 400,
    data: { message: 'This server has no actions.' },
  })
})

test('a tool’s widget can have controls that do not stream', async () => {
  const { number } = await addTask(ann.caller, { title: 'Buy milk', due: null })
  const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
  const ask = door(ann, say('x'), (turn, context) => agentAct(turn, { ...context, builtinFetch }))
  const payload = { server: 'switchboard', tool: 'complete_task', arguments: { number } }
  await put({
    id: 'tasks',
    type: 'widget',
    widget: {
      type: 'Card',
      key: 'result:switchboard:',
      children: [{ type: 'Button', onClickAction: { type: 'tool.call', payload, streaming: false } }],
    },
  })
  expect((await ask(press('sync_custom', 'tasks', { type: 'tool.call', payload }))).status).toBe(200)
  const calls = await withCaller(ann.caller, (tx) => tx.toolCall.findMany())
  expect(calls).toMatchObject([{ tool: 'complete_task', status: 'succeeded', threadId: thread_id }])
})
