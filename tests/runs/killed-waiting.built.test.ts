import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import pg from 'pg'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { followWaiting } from '#app/api/chatkit/deliver-waiting.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { beginNextTurn } from '#lib/runs/next-turn.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { door, say, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { letTimePass } from '#tests/support/processes/crash.ts'
import { untilDatabaseIsOld } from '#tests/support/processes/old-database.ts'

// kill -9 of a process that keeps or sends a message that waits: this process, another replica, sends
// it, and it is in the conversation once.

beforeAll(untilDatabaseIsOld)

let ann: Awaited<ReturnType<typeof signedIn>>
let threadId: string
let stopLooking: (() => void) | undefined
const children: ChildProcess[] = []

beforeEach(async () => {
  ann = await signedIn()
  threadId = threadOf(await door(ann)({ type: 'threads.create', params: { input: typed('hi') } }))
})
afterEach(() => {
  stopLooking?.()
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function start(mode: 'answer' | 'deliver'): ChildProcess {
  const file = path.join(import.meta.dirname, '../support/processes/waiting-process.ts')
  const child = spawn(process.execPath, [file, mode, ann.caller.userId, threadId], { stdio: 'ignore' })
  children.push(child)
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** Looks as a living process does, until nothing waits and no run is open. */
async function goOnHere(): Promise<void> {
  stopLooking = followWaiting({ respond: say('Here.') })
  const isDone = async () => {
    await letTimePass(ann.caller)
    await recoverRuns()
    for (let at = 0; at < 3; at++) beginNextTurn({ ownerId: ann.caller.userId, threadId })
    // In this order: a message stops waiting in the transaction that opens its run.
    const left = (await waiting()).length
    return left + (await withCaller(ann.caller, (tx) => tx.run.count({ where: { lastSeq: null } })))
  }
  await expect.poll(isDone, { timeout: 60_000, interval: 200 }).toBe(0)
}

const waiting = () => withCaller(ann.caller, (tx) => tx.waitingMessage.findMany())
const runs = () => withCaller(ann.caller, (tx) => tx.run.findMany({ orderBy: { createdAt: 'asc' } }))
const messages = async () => {
  const { data } = await createPrismaStore(ann.caller).listItems(threadId, { limit: 50, order: 'asc' })
  return data.flatMap((item) => (item.type === 'user_message' ? item.content.map(({ text }) => text) : []))
}

test('a process that dies between storing and sending leaves the message to another', {
  timeout: 180_000,
}, async () => {
  const child = start('answer')
  await expect.poll(async () => (await waiting()).length, { timeout: 90_000 }).toBe(1)
  await kill(child)
  expect(await messages()).toEqual(['hi', 'long'])
  await goOnHere()
  expect(await messages()).toEqual(['hi', 'long', 'next'])
  const ends = new Map((await runs()).map(({ operation, status }) => [operation, status]))
  expect(ends.get('threads.add_user_message')).toBe('interrupted')
  expect(ends.get('threads.deliver_message')).toBe('done')
})

test('a process that dies while it takes the message over sends it once or not at all', {
  timeout: 180_000,
}, async () => {
  await createPrismaStore(ann.caller).waiting?.add({
    ...{ id: 'msg_next', thread_id: threadId, created_at: new Date().toISOString(), type: 'user_message' },
    ...{ content: [{ type: 'input_text', text: 'next' }], attachments: [], inference_options: {} },
  })
  // The claim stands still in the middle of its transaction: behind the person's lock, at its thread.
  const holder = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await holder.connect()
  try {
    await holder.query('BEGIN')
    await holder.query('LOCK TABLE threads IN SHARE ROW EXCLUSIVE MODE')
    const child = start('deliver')
    const blocked = async () => {
      const { rows } = await holder.query('SELECT count(*)::integer AS count FROM pg_locks WHERE NOT granted')
      return rows[0].count
    }
    await expect.poll(blocked, { timeout: 60_000 }).toBeGreaterThan(0)
    await kill(child)
    expect(await messages()).toEqual(['hi'])
    await holder.query('COMMIT')
  } finally {
    await holder.end()
  }
  await goOnHere()
  expect(await messages()).toEqual(['hi', 'next'])
  // If the dead process's transaction came through, the message has a Retry.
  const [sent, ...more] = (await runs()).filter(({ operation }) => operation === 'threads.deliver_message')
  expect(['done', 'interrupted']).toContain(sent?.status)
  expect(more).toEqual([])
})

test('a process that dies after it took the message over leaves it with a reason', { timeout: 180_000 }, async () => {
  await createPrismaStore(ann.caller).waiting?.add({
    ...{ id: 'msg_later', thread_id: threadId, created_at: new Date().toISOString(), type: 'user_message' },
    ...{ content: [{ type: 'input_text', text: 'next' }], attachments: [], inference_options: {} },
  })
  const child = start('deliver')
  await expect.poll(messages, { timeout: 90_000 }).toEqual(['hi', 'next'])
  await kill(child)
  await goOnHere()
  expect(await messages()).toEqual(['hi', 'next'])
  const { data } = await door(ann)({ type: 'threads.get_by_id', params: { thread_id: threadId } })
  const items = (data.items as { data: object[] }).data
  expect(items.at(-1)).toMatchObject({ type: 'user_message', outcome: { status: 'interrupted', allow_retry: true } })
})
