import { afterEach, beforeEach, expect, test } from 'vitest'
import { followWaiting } from '#app/api/chatkit/deliver-waiting.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { WaitingMessage, WireThread } from '#lib/chatkit/protocol/thread.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { deleteConversation, restoreConversation } from '#lib/data/chat/deleted-conversations.ts'
import { endAccess } from '#lib/data/people/end-access.ts'
import { endSession } from '#lib/data/people/person-sessions.ts'
import { recordRequests } from '#lib/data/usage/model-requests.ts'
import { saveLimit } from '#lib/data/usage/usage-limits.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { beginNextTurn } from '#lib/runs/next-turn.ts'
import { findActiveRun, listActiveRuns } from '#lib/runs/registry.ts'
import {
  type Door,
  door,
  message,
  openDoor,
  readReply,
  textOf,
  threadOf,
  typed,
} from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Messages that are written while an answer runs, at the HTTP door. Each answer repeats its message,
// and waits for `go` if the message says so.

let person: Awaited<ReturnType<typeof signedIn>>
let ask: Door
let thread_id: string
let go: PromiseWithResolvers<void>
let stopLooking: () => void

const respond: Respond<TurnContext> = async function* (turn) {
  const [part] = turn.input?.content ?? []
  if (part?.text.startsWith('slow')) {
    const stopped = new Promise<void>((resolve) => turn.signal.addEventListener('abort', () => resolve()))
    await Promise.race([go.promise, stopped])
    if (turn.signal.aborted) return
  }
  yield* message(turn, [`re: ${part?.text}`])
}

beforeEach(async () => {
  go = Promise.withResolvers()
  stopLooking = followWaiting({ respond })
  person = await signedIn()
  ask = door(person, respond)
  thread_id = threadOf(await ask({ type: 'threads.create', params: { input: typed('a') } }))
})
afterEach(async () => {
  go.resolve()
  await expect.poll(listActiveRuns).toEqual([])
  stopLooking()
})

/** Begins an answer that goes on until `go`. Resolves when it runs, to the promise of its end. */
async function beginSlow(text = 'slow'): Promise<{ ended: Promise<unknown> }> {
  const response = await openDoor(
    person,
    respond,
  )({
    type: 'threads.add_user_message',
    params: { thread_id, input: typed(text) },
  })
  return { ended: readReply(response) }
}
const wait = (text: string, metadata = {}) =>
  ask({ type: 'threads.wait_message', params: { thread_id, input: typed(text) }, metadata })
const takeBack = (item_id: string) => ask({ type: 'threads.take_back', params: { thread_id, item_id } })
const sendWaiting = (item_id: string) => ask({ type: 'threads.send_waiting', params: { thread_id, item_id } })
const read = async () => (await ask({ type: 'threads.get_by_id', params: { thread_id } })).data as unknown as WireThread

const said = (item: ThreadItem | undefined) =>
  item?.type === 'user_message' ? item.content.map(({ text }) => text).join('') : textOf(item)
const path = async () => (await read()).items.data.map(said).join(', ')
const waiting = async () => (await read()).waiting ?? []
const texts = (all: unknown) => (all as WaitingMessage[]).map(({ message }) => said(message))
const idIn = (data: Record<string, unknown>, at = -1) => (data.waiting as WaitingMessage[]).at(at)?.message.id ?? ''

test('messages wait in their order, are read with the thread, and become the next turns', async () => {
  const { ended } = await beginSlow()
  expect((await wait('b')).status).toBe(200)
  expect(texts((await wait('c')).data.waiting)).toEqual(['b', 'c'])
  expect(texts(await waiting())).toEqual(['b', 'c'])
  expect(await path()).toBe('a, re: a, slow')
  go.resolve()
  await ended
  await expect.poll(path).toBe('a, re: a, slow, re: slow, b, re: b, c, re: c')
  expect((await read()).waiting).toBeUndefined()
})

test('a message that is taken back comes back whole and is never sent; another one keeps its place', async () => {
  const { ended } = await beginSlow()
  const b = idIn((await wait('b')).data)
  await wait('c')
  const reply = await takeBack(b)
  expect([said(reply.data.message as ThreadItem), texts(reply.data.waiting)]).toEqual(['b', ['c']])
  expect((await takeBack(b)).status).toBe(404)
  go.resolve()
  await ended
  await expect.poll(path).toBe('a, re: a, slow, re: slow, c, re: c')
})

test('a request that comes again stores its message once, also after it was sent', async () => {
  const { ended } = await beginSlow()
  const metadata = { request_id: 'the-same-request' }
  await Promise.all([wait('b', metadata), wait('b', metadata), wait('b', metadata)])
  expect(texts(await waiting())).toEqual(['b'])
  go.resolve()
  await ended
  await expect.poll(path).toBe('a, re: a, slow, re: slow, b, re: b')
  await wait('b', metadata)
  // The same message sent in the usual way finds the turn that it began.
  await ask({ type: 'threads.add_user_message', params: { thread_id, input: typed('b') }, metadata })
  expect(await path()).toBe('a, re: a, slow, re: slow, b, re: b')
  expect(await waiting()).toEqual([])
})

test('a message that arrives after the answer has ended is sent at once', async () => {
  await wait('b')
  await expect.poll(path).toBe('a, re: a, b, re: b')
})

test('many looks at once, and a message taken back meanwhile, send each message at most once', async () => {
  for (let round = 0; round < 5; round++) {
    const { ended } = await beginSlow(`slow ${round}`)
    const id = idIn((await wait(`w${round}`)).data)
    go.resolve()
    const looks = Array.from({ length: 4 }, () => beginNextTurn({ ownerId: person.caller.userId, threadId: thread_id }))
    const [reply] = await Promise.all([takeBack(id), ended, ...looks])
    await expect.poll(async () => (await waiting()).length + listActiveRuns().length).toBe(0)
    const count = (await path()).split(', ').filter((text) => text === `w${round}`).length
    expect(count).toBe(reply.status === 200 ? 0 : 1)
    go = Promise.withResolvers()
  }
})

test('what waits is sent when the person stops the answer, and cancels nothing itself', async () => {
  const { ended } = await beginSlow()
  await wait('b')
  expect(findActiveRun(person.caller.userId, thread_id)?.active).toBe(true)
  await ask({ type: 'threads.stop', params: { thread_id } })
  await ended
  await expect.poll(path).toContain('b, re: b')
})

test('an edit holds what waits, which is sent or taken back by hand', async () => {
  const { ended } = await beginSlow()
  const b = idIn((await wait('b')).data)
  const first = (await read()).items.data[0]?.id
  await ask({ type: 'threads.add_user_message', params: { thread_id, input: typed('A'), replaces: first } })
  await ended
  expect(await path()).toBe('A, re: A')
  expect(await waiting()).toMatchObject([{ is_held: true, note: expect.stringContaining('changed the conversation') }])
  beginNextTurn({ ownerId: person.caller.userId, threadId: thread_id })
  expect((await sendWaiting(b)).status).toBe(200)
  await expect.poll(path).toBe('A, re: A, b, re: b')
  expect((await sendWaiting(b)).status).toBe(404)
})

test('what waits is held once its person has been signed out, and is sent after a new sign-in', async () => {
  await beginSlow()
  const b = idIn((await wait('b')).data)
  await withSystem('sign-in', (tx) => endAccess(tx, person.caller.userId, 'signed_out_everywhere'))
  await expect.poll(listActiveRuns).toEqual([])
  const rows = () =>
    withCaller(person.caller, (tx) => tx.waitingMessage.findMany({ select: { dueAt: true, note: true } }))
  await expect.poll(rows).toEqual([{ dueAt: null, note: expect.stringContaining('signed out') }])
  const runs = () => withCaller(person.caller, (tx) => tx.run.count())
  expect(await runs()).toBe(2)
  const again = createPrismaStore({ ...person.caller, sessionVersion: 2 })
  await again.waiting?.release(thread_id, b)
  beginNextTurn({ ownerId: person.caller.userId, threadId: thread_id })
  await expect.poll(runs).toBe(3)
  expect(await rows()).toEqual([])
})

test('what waits is held once the session that sent it has ended, while the answer goes on', async () => {
  await beginSlow()
  await wait('b')
  const [row] = await withCaller(person.caller, (tx) => tx.waitingMessage.findMany())
  await endSession(person.caller, row?.sessionId ?? '', 3_600)
  go.resolve()
  const rows = () =>
    withCaller(person.caller, (tx) => tx.waitingMessage.findMany({ select: { dueAt: true, note: true } }))
  await expect.poll(rows).toEqual([{ dueAt: null, note: expect.stringContaining('signed out') }])
  expect(await withCaller(person.caller, (tx) => tx.run.findMany({ select: { status: true } }))).toEqual([
    { status: 'done' },
    { status: 'done' },
  ])
})

test('no more than ten messages wait in a thread, and an empty one does not', async () => {
  await beginSlow()
  const replies = await Promise.all(Array.from({ length: 12 }, (_, at) => wait(`w${at}`)))
  expect(replies.map(({ status }) => status).sort()).toEqual([...Array(10).fill(200), 409, 409])
  expect((await wait(' ')).status).toBe(400)
  expect(await waiting()).toHaveLength(10)
  await ask({ type: 'threads.delete', params: { thread_id } })
})

test('what waits is held while a limit of use is reached, and says which', async () => {
  const { ended } = await beginSlow()
  await wait('b')
  const { caller } = person
  const used = { input: 1, cached: 0, output: 1, reasoning: 0, isEstimated: false }
  const about = { ownerId: caller.userId, threadId: thread_id, purpose: 'answer' as const }
  const asked = { provider: 'p', model: 'm' }
  await recordRequests([{ id: newId('req'), used, costMicros: 1n, outcome: 'done', beganAt: Date.now(), about, asked }])
  const audience = { kind: 'chosen' as const, roles: [], people: [caller.userId] }
  const admin = (await signedIn({ role: 'admin' })).caller
  await saveLimit(admin, { audience, isShared: false, period: 'day', unit: 'tokens', amount: 1n, warnPercent: 80 })
  go.resolve()
  await ended
  await expect.poll(waiting).toMatchObject([{ is_held: true, note: expect.stringContaining('is used up') }])
  expect(await path()).toBe('a, re: a, slow, re: slow')
})

test('what waits in a deleted conversation is sent once the deletion is undone', async () => {
  const { ended } = await beginSlow()
  await wait('b')
  await deleteConversation(person.caller, thread_id)
  go.resolve()
  await ended
  beginNextTurn({ ownerId: person.caller.userId, threadId: thread_id })
  expect(listActiveRuns()).toEqual([])
  await restoreConversation(person.caller, thread_id)
  beginNextTurn({ ownerId: person.caller.userId, threadId: thread_id })
  await expect.poll(path).toBe('a, re: a, slow, re: slow, b, re: b')
})

test('a message of 300,000 characters waits as it would be sent', async () => {
  withSettings({ MESSAGE_MAX_CHARS: '400000' })
  const { ended } = await beginSlow()
  expect((await wait('x'.repeat(300_000))).status).toBe(200)
  go.resolve()
  await ended
  await expect.poll(waiting).toEqual([])
})

test('what waits goes with its conversation, and no run begins', async () => {
  const { ended } = await beginSlow()
  await wait('b')
  expect((await ask({ type: 'threads.delete', params: { thread_id } })).status).toBe(200)
  await ended
  expect(await withCaller(person.caller, (tx) => tx.waitingMessage.count())).toBe(0)
  expect(listActiveRuns()).toEqual([])
})
