import { beforeEach, expect, test, vi } from 'vitest'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { log } from '#lib/platform/log.ts'
import { listActiveRuns } from '#lib/runs/registry.ts'
import { door, message, openDoor, readReply, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// A request that waits for the running answer is checked again against the thread as that answer
// left it, before its own first byte.

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person
let thread_id: string

beforeEach(async () => {
  withSettings({ WHILE_ANSWERING: 'wait' })
  ann = await signedIn()
  thread_id = threadOf(await door(ann)({ type: 'threads.create', params: { input: typed('hi') } }))
  await put({
    id: 'form',
    type: 'structured_input',
    status: 'pending',
    inputs: [{ type: 'freeform', id: 'q', question: '?' }],
  })
  await put({ id: 'call', type: 'client_tool_call', status: 'pending', call_id: 'c', name: 'locate', arguments: {} })
  await put({ id: 'card', type: 'widget', widget: { type: 'Card', children: [] } })
})

const put = (item: object) =>
  createPrismaStore(ann.caller).addItem(thread_id, {
    thread_id,
    created_at: '2026-01-01T00:00:00Z',
    ...item,
  } as ThreadItem)
const list = async () => (await createPrismaStore(ann.caller).listItems(thread_id, { limit: 50, order: 'asc' })).data
const runs = () => withCaller(ann.caller, (tx) => tx.run.count())
const at = (more: object) => ({ thread_id, ...more })

type Request = { type: string; params: object }

/**
 * Sends `first`, and `others` while the answer to `first` runs. `meanwhile` changes the thread
 * before that answer ends.
 */
async function queued(first: Request, others: Request[], meanwhile?: Respond<TurnContext>) {
  const go = Promise.withResolvers<void>()
  const respond: Respond<TurnContext> = async function* (turn, context) {
    await go.promise
    if (meanwhile) yield* meanwhile(turn, context)
    yield* message(turn, ['Done.'])
  }
  using info = vi.spyOn(log, 'info')
  const before = openDoor(ann, respond)(first).then(readReply)
  await expect.poll(listActiveRuns, { timeout: 20_000 }).toHaveLength(1)
  const after = others.map((request) => door(ann)(request))
  // Logged after they passed the checks the first time.
  const waiting = () => info.mock.calls.filter(([, line]) => line === 'a turn waits for the one before it').length
  await expect.poll(waiting, { timeout: 20_000 }).toBe(others.length)
  go.resolve()
  expect((await before).status).toBe(200)
  return Promise.all(after)
}

const hello = () => ({ type: 'threads.add_user_message', params: at({ input: typed('and?') }) })
const formAnswer = () => ({ type: 'threads.add_structured_input', params: at({ item_id: 'form', input: {} }) })
const toolOutput = () => ({ type: 'threads.add_client_tool_output', params: at({ result: 1 }) })
const retry = async () => ({ type: 'threads.retry_after_item', params: at({ item_id: (await list())[0]?.id }) })

test.each([
  ['a message', formAnswer, hello],
  ['a form’s answers', toolOutput, formAnswer],
  ['a tool’s result', formAnswer, toolOutput],
  ['a retry', formAnswer, retry],
])('%s that waited is refused if the thread is locked by then', async (_, first, second) => {
  const [reply] = await queued(first(), [await second()], async function* ({ thread }) {
    thread.status = { type: 'locked', reason: 'That is all.' }
    yield { type: 'notice', level: 'info', message: 'Locked.' }
  })
  expect([reply?.status, reply?.data.message]).toEqual([409, 'That is all.'])
  expect(await runs()).toBe(2)
})

test('one of two waiting answers to a form is refused, and the other is kept', async () => {
  const answer = (value: string) => ({
    type: 'threads.add_structured_input',
    params: at({ item_id: 'form', input: { answers: { q: { values: [value] } } } }),
  })
  const replies = await queued(toolOutput(), [answer('a'), answer('b')])
  const [kept, refused] = replies[0]?.status === 200 ? ['a', 1] : ['b', 0]
  expect(replies[refused]).toMatchObject({ status: 409, data: { message: 'These questions were answered already.' } })
  expect((await list()).find(({ id }) => id === 'form')).toMatchObject({ inputs: [{ answer: { values: [kept] } }] })
})

test('one of two waiting results of one tool call is refused', async () => {
  const replies = await queued(formAnswer(), [toolOutput(), toolOutput()])
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 409])
})

test('a waiting message is not found if its thread is deleted by then', async () => {
  const [reply] = await queued(hello(), [hello()], async function* ({ store }) {
    yield { type: 'notice', level: 'info', message: 'bye' }
    await store.deleteThread(thread_id)
  })
  expect(reply?.status).toBe(404)
})
