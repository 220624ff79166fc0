import pg from 'pg'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { announceAttachment, receiveAttachment } from '#lib/data/attachments/attachments.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { registry } from '#lib/runs/registry.ts'
import { door, message, openDoor, readReply, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { untilDatabaseIsOld } from '#tests/support/processes/old-database.ts'
import { withSettings } from '#tests/support/settings.ts'

beforeAll(untilDatabaseIsOld)

// No message is lost. The message, its thread and its run are stored in one transaction before the
// client hears of them. A request that is resent after a crash is answered without being stored
// twice.

type Person = Awaited<ReturnType<typeof signedIn>>
let ann: Person
beforeEach(async () => {
  withSettings({ RUNS_PER_MINUTE: '1000' })
  ann = await signedIn()
})

const named = (params: object, type = 'threads.create') => ({
  type,
  params,
  metadata: { request_id: crypto.randomUUID() },
})
const store = () => createPrismaStore(ann.caller)
const threads = async () => (await store().listThreads({ limit: 9, order: 'asc' })).data
const items = async (threadId: string) => (await store().listItems(threadId, { limit: 50, order: 'asc' })).data
const runs = () => withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'asc' } }))

/** Calls `work` while the database refuses inserts into a table. */
async function refusing<T>(table: string, work: () => Promise<T>, code = 'disk_full'): Promise<T> {
  const owner = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await owner.connect()
  try {
    await owner.query(`CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '${code}'; END $$`)
    await owner.query(`CREATE TRIGGER no_room BEFORE INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION no_room()`)
    return await work()
  } finally {
    await owner.query(`DROP TRIGGER no_room ON ${table}`)
    await owner.end()
  }
}

test.each(['threads', 'thread_items', 'runs'])(
  'a message is stored whole or not at all if the database refuses %s',
  async (table) => {
    const ask = door(ann)
    const request = named({ input: typed('hi') })
    const refused = await refusing(table, () => ask(request))
    expect([refused.status, refused.events]).toEqual([503, []])
    expect([await threads(), await runs()]).toEqual([[], []])
    const again = await ask(request)
    expect([again.status, (await threads()).map(({ id }) => id)]).toEqual([200, [threadOf(again)]])
    expect((await items(threadOf(again))).map(({ type }) => type)).toEqual(['user_message', 'assistant_message'])
  },
)

test('a read-only database is reported as such', async () => {
  const request = named({ input: typed('hi') })
  const refused = await refusing('runs', () => door(ann)(request), 'read_only_sql_transaction')
  expect(refused).toMatchObject({ status: 503, data: { message: expect.stringMatching(/^The database is read-only/) } })
  expect((await door(ann)(request)).status).toBe(200)
})

test('a file is attached in the same transaction as its message, or stays free', async () => {
  const bytes = new TextEncoder().encode('hello')
  const { id } = await announceAttachment(ann.caller, {
    name: 'a.txt',
    size: bytes.byteLength,
    mime_type: 'text/plain',
  })
  await receiveAttachment(ann.caller, id, bytes)
  const request = named({ input: typed('read it', { attachments: [id] }) })
  expect((await refusing('thread_items', () => door(ann)(request))).status).toBe(503)
  const bound = () =>
    withCaller(ann.caller, (tx) => tx.attachment.findFirst({ where: { id }, select: { threadId: true } }))
  expect(await bound()).toEqual({ threadId: null })
  const again = await door(ann)(request)
  expect([again.status, await bound()]).toEqual([200, { threadId: threadOf(again) }])
})

test('a message, its thread and its run are stored before the first event is sent', async () => {
  const held = Promise.withResolvers<void>()
  const open = openDoor(ann, async function* (turn) {
    await held.promise
    yield* message(turn, ['Hello.'])
  })
  const response = await open(named({ input: typed('hi') }))
  // No event has been read yet.
  const [thread] = await threads()
  expect((await items(thread?.id ?? '')).map(({ type }) => type)).toEqual(['user_message'])
  expect((await runs())[0]).toMatchObject({ threadId: thread?.id, turnId: (await items(thread?.id ?? ''))[0]?.id })
  held.resolve()
  await readReply(response)
})

/** Leaves the state of a process that died right after it accepted a request. */
async function dieUnsaid(): Promise<void> {
  registry().runs.clear()
  const ago = new Date(Date.now() - 60_000)
  await withCaller(ann.caller, async (tx) => {
    const { id } = await tx.run.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })
    await tx.threadItem.deleteMany({ where: { type: 'assistant_message' } })
    await tx.runEvent.deleteMany({ where: { runId: id } })
    const run = { status: 'running' as const, finishedAt: null, lastSeq: null, createdAt: ago, heartbeatAt: ago }
    await tx.run.update({ where: { id }, data: run })
  })
}

test.each(['threads.create', 'threads.add_user_message'])(
  '%s resent after a crash is stored once and answered',
  async (operation) => {
    let answers = 0
    const respond: Respond<TurnContext> = async function* (turn) {
      answers += 1
      yield* message(turn, [`answer ${answers}`])
    }
    const ask = door(ann, respond)
    const thread_id = operation === 'threads.create' ? undefined : threadOf(await ask(named({ input: typed('first') })))
    const request = named({ ...(thread_id && { thread_id }), input: typed('hi') }, operation)
    const first = await ask(request)
    const sent = first.events.find((event) => event.type === 'thread.item.done' && event.item.type === 'user_message')
    await dieUnsaid()
    const threadId = thread_id ?? threadOf(first)

    // Resent before the crash is noticed: the stream ends without an event and without the mark
    // that says that nothing is missing.
    const early = openDoor(
      ann,
      respond,
    )({ ...request, metadata: { ...request.metadata, resume: true } }).then((response) => response.text())
    expect(await early).toBe(': ping\n')
    expect((await runs()).find(({ status }) => status === 'interrupted')).toMatchObject({
      operation,
      lastSeq: 0,
      clientRequestId: null,
    })

    // Resent again: the same message in the same thread, now with an answer.
    const again = await ask(request)
    expect(again.events.find((event) => event.type === 'thread.item.done')).toMatchObject({
      item: { id: sent && 'item' in sent && sent.item.id },
    })
    const said = (await items(threadId)).filter(({ type }) => type === 'user_message')
    expect(
      said
        .map((item) => item.type === 'user_message' && item.request_id)
        .filter((id) => id === request.metadata.request_id),
    ).toHaveLength(1)
    expect((await items(threadId)).at(-1)).toMatchObject({
      type: 'assistant_message',
      content: [{ text: `answer ${answers}` }],
    })
    expect(await threads()).toHaveLength(1)

    // Resent once more: it is already answered.
    const before = answers
    await ask(request)
    expect([answers, (await items(threadId)).length]).toEqual([before, (await items(threadId)).length])
  },
)

test('a resent request is not answered twice if Retry has answered it meanwhile', async () => {
  let answers = 0
  const ask = door(ann, async function* (turn) {
    answers += 1
    yield* message(turn, [`answer ${answers}`])
  })
  const request = named({ input: typed('hi') })
  const first = await ask(request)
  await dieUnsaid()
  await recoverRuns()
  const [said] = await items(threadOf(first))
  await ask(named({ thread_id: threadOf(first), item_id: said?.id }, 'threads.retry_after_item'))
  expect(answers).toBe(2)
  const again = await ask(request)
  expect([again.status, answers, (await items(threadOf(first))).length]).toEqual([200, 2, 2])
})

test('a message that waits for a thread is refused, and not stored, if the thread closes meanwhile', async () => {
  withSettings({ WHILE_ANSWERING: 'wait', RUNS_PER_MINUTE: '1000' })
  const held = Promise.withResolvers<void>()
  const open = openDoor(ann, async function* (turn) {
    await held.promise
    turn.thread.status = { type: 'closed', reason: 'Enough was said.' }
    yield* message(turn, ['Hello.'])
  })
  const first = open(named({ input: typed('hi') })).then(readReply)
  await expect.poll(threads).toHaveLength(1)
  const thread_id = (await threads())[0]?.id ?? ''
  const second = door(ann)(named({ thread_id, input: typed('more') }, 'threads.add_user_message'))
  setTimeout(() => held.resolve(), 300)
  await first
  expect(await second).toMatchObject({ status: 409, data: { message: 'Enough was said.' } })
  expect((await items(thread_id)).filter(({ type }) => type === 'user_message')).toHaveLength(1)
})
