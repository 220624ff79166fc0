import { expect, test } from 'vitest'
import { PUT as tellPage } from '#app/api/me/conversations/[id]/page/route.ts'
import { GET as listChats } from '#app/api/me/conversations/route.ts'
import { mayRemember } from '#lib/agent/memory/may-remember.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { searchConversations } from '#lib/data/chat/conversation-search.ts'
import { deleteEndedTemporary } from '#lib/data/chat/temporary-conversations.ts'
import { recordToolCall } from '#lib/data/runs/ledger.ts'
import { createShare } from '#lib/data/shares/shares.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'
import { door, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'

type Person = Awaited<ReturnType<typeof signedIn>>
const HOUR_MS = 3_600_000

async function begin(person: Person, temporary = true) {
  const chat = door(person)
  const turn = await chat({ type: 'threads.create', params: { input: typed('a zebra crossing'), temporary } })
  return { chat, id: threadOf(turn), runId: turn.headers.get('x-run-id') ?? '' }
}

const endOf = async ({ caller }: Person, id: string) =>
  (await withCaller(caller, (tx) => tx.thread.findFirst({ where: { id } })))?.temporaryUntil?.getTime()

const setEnd = ({ caller }: Person, id: string, ms: number) =>
  withCaller(caller, (tx) => tx.thread.update({ where: { id }, data: { temporaryUntil: new Date(Date.now() + ms) } }))

async function say(person: Person, id: string, isOpen: boolean) {
  const headers = { ...person.headers, 'content-type': 'application/json', origin: 'http://127.0.0.1:3999' }
  const request = new Request('http://127.0.0.1:3999/x', {
    method: 'PUT',
    headers,
    body: JSON.stringify({ is_open: isOpen }),
  })
  return (await tellPage(request, { params: Promise.resolve({ id }) })).status
}

test('a temporary conversation is in no list and no search, uses no memory and is not shared, and goes on', async () => {
  const ann = await signedIn()
  const { chat, id } = await begin(ann)
  const usual = await begin(ann, false)
  const store = createPrismaStore(ann.caller)
  expect((await store.listThreads({ limit: 10, order: 'desc' })).data.map((thread) => thread.id)).toEqual([usual.id])
  const listed = await listChats(new Request('http://127.0.0.1:3999/api/me/conversations', { headers: ann.headers }))
  expect(await listed.text()).not.toContain(id)
  expect(JSON.stringify(await searchConversations(ann.caller, 'zebra'))).not.toContain(id)
  expect(JSON.stringify(await searchConversations(ann.caller, 'zebra'))).toContain(usual.id)
  const thread = await store.loadThread(id)
  expect(thread.title).toBeUndefined()
  expect([
    await mayRemember(ann.caller, thread),
    await mayRemember(ann.caller, await store.loadThread(usual.id)),
  ]).toEqual([false, true])
  const wish = { threadId: id, readers: 'everybody', days: 1, withTools: false } as const
  await expect(createShare(ann.caller, wish, () => ({}) as never)).rejects.toMatchObject({ code: 'conflict' })
  await chat({ type: 'threads.add_user_message', params: { thread_id: id, input: typed('more') } })
  expect((await store.listItems(id, { limit: 10, order: 'asc' })).data).toHaveLength(4)
})

test('its end is four hours after the last message, five minutes after its page was closed, and a reload takes that back', async () => {
  const ann = await signedIn()
  const { chat, id } = await begin(ann)
  const hours = async () => Math.round((((await endOf(ann, id)) ?? 0) - Date.now()) / HOUR_MS)
  expect(await hours()).toBe(4)
  await setEnd(ann, id, HOUR_MS)
  await chat({ type: 'threads.add_user_message', params: { thread_id: id, input: typed('more') } })
  expect(await hours()).toBe(4)
  expect(await say(ann, id, false)).toBe(200)
  const left = ((await endOf(ann, id)) ?? 0) - Date.now()
  expect([left > 0, left <= 300_000]).toEqual([true, true])
  // Nothing that comes late makes it longer.
  await setEnd(ann, id, 60_000)
  await say(ann, id, false)
  expect(((await endOf(ann, id)) ?? 0) - Date.now()).toBeLessThanOrEqual(60_000)
  await say(ann, id, true)
  expect(await hours()).toBe(4)
  // Another person, and a usual conversation.
  await say(await signedIn(), id, false)
  expect(await hours()).toBe(4)
  const usual = await begin(ann, false)
  await say(ann, usual.id, false)
  expect(await endOf(ann, usual.id)).toBeUndefined()
})

test('after its end it is gone at once, before anybody deletes it, and no page brings it back', async () => {
  const ann = await signedIn()
  const { chat, id } = await begin(ann)
  await setEnd(ann, id, -1)
  expect((await chat({ type: 'threads.get_by_id', params: { thread_id: id } })).status).toBe(404)
  expect((await chat({ type: 'items.list', params: { thread_id: id } })).status).toBe(404)
  const late = await chat({ type: 'threads.add_user_message', params: { thread_id: id, input: typed('late') } })
  expect(late.status).toBe(404)
  await say(ann, id, true)
  expect((await chat({ type: 'threads.get_by_id', params: { thread_id: id } })).status).toBe(404)
})

/** A call in the conversation, and what waits in it. */
async function fill({ caller }: Person, threadId: string, runId: string) {
  const ownerId = caller.userId
  const result = { content: [{ type: 'text', text: 'what the tool said' }] }
  await recordToolCall(
    { ownerId, via: 'chat', server: 's', tool: 't', threadId, runId, callId: 'c', arguments: { to: 'Bob' } },
    new Date(),
    { status: 'succeeded', result },
  )
  const waiting = newId('run')
  await withCaller(caller, async (tx) => {
    await tx.run.create({
      data: { id: waiting, ownerId, threadId, requestId: 'r', operation: 'x', status: 'waiting' },
    })
    await tx.parkedRun.create({ data: { runId: waiting, ownerId, threadId, sealed: 'x', expiresAt: new Date() } })
    const asked = { threadId, callId: 'c', toolHash: 'h', itemId: 'i', keptId: 'k', expiresAt: new Date() }
    await tx.approval.create({
      data: { id: newId('apr'), ownerId, runId: waiting, server: 's', tool: 't', ...asked },
    })
  })
}

const leftOf = ({ caller }: Person, threadId: string, runId: string) =>
  withCaller(caller, async (tx) => ({
    threads: await tx.thread.count({ where: { id: threadId } }),
    items: await tx.threadItem.count({ where: { threadId } }),
    events: await tx.runEvent.count({ where: { runId } }),
    parked: await tx.parkedRun.count({ where: { threadId } }),
    calls: await tx.toolCall.findMany({
      where: { runId },
      select: { tool: true, arguments: true, result: true, status: true },
    }),
    pending: await tx.approval.count({ where: { threadId, status: 'pending' } }),
    waiting: await tx.run.count({ where: { threadId, status: 'waiting' } }),
  }))

const ONLY_THE_LEDGER = {
  ...{ threads: 0, items: 0, events: 0, parked: 0, pending: 0, waiting: 0 },
  calls: [{ tool: 't', arguments: { to: 'Bob' }, result: null, status: 'succeeded' }],
}

test.each<[string, (person: Person, id: string, chat: ReturnType<typeof door>) => Promise<unknown>]>([
  ['its person ends it', (_person, id, chat) => chat({ type: 'threads.delete', params: { thread_id: id } })],
  [
    'any process finds it after its end',
    async (person, id) => {
      await setEnd(person, id, -1)
      expect(await deleteEndedTemporary()).toBeGreaterThan(0)
    },
  ],
])('when %s, only the ledger stays: who called what, without results', async (_how, end) => {
  const ann = await signedIn()
  const { chat, id, runId } = await begin(ann)
  const usual = await begin(ann, false)
  await fill(ann, id, runId)
  await fill(ann, usual.id, usual.runId)
  expect((await leftOf(ann, id, runId)).events).toBeGreaterThan(0)
  await end(ann, id, chat)
  expect(await leftOf(ann, id, runId)).toEqual(ONLY_THE_LEDGER)
  // A usual conversation keeps what it has in the ledger.
  await createPrismaStore(ann.caller).deleteThread(usual.id)
  expect((await leftOf(ann, usual.id, usual.runId)).calls).toMatchObject([{ result: { content: [{}] } }])
})

test('one whose answer is being written waits for the end of that', async () => {
  const ann = await signedIn()
  const { id, runId } = await begin(ann)
  await withCaller(ann.caller, (tx) => tx.run.update({ where: { id: runId }, data: { status: 'running' } }))
  await setEnd(ann, id, -1)
  await deleteEndedTemporary()
  expect((await leftOf(ann, id, runId)).threads).toBe(1)
  await withCaller(ann.caller, (tx) => tx.run.update({ where: { id: runId }, data: { status: 'done' } }))
  await deleteEndedTemporary()
  expect((await leftOf(ann, id, runId)).threads).toBe(0)
})
