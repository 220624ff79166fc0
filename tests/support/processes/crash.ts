import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { findRun } from '#lib/data/runs/runs.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { message, open, post, type Stream, textOf } from '#tests/support/browser/browser-tab.ts'
import type { RecordedRequest, Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import type { AppServer } from '#tests/support/processes/app-server.ts'

const WORDS = Array.from({ length: 30 }, (_, n) => `word${n} `)

/**
 * `foundMs` is the longest time that a dead process's run may look alive. With `skipWaiting` that
 * time passes at once.
 */
type Crash = { turns: number; foundMs?: number; skipWaiting?: boolean }

/** A model that first adds a task and then talks for about half a second. */
export function addThenTalk({ body }: RecordedRequest): Step {
  const input = body.input as { type?: string }[]
  if (input.at(-1)?.type === 'function_call_output') return { text: WORDS, pace: 15 }
  return { calls: [{ name: 'add_task', arguments: { title: 'Buy milk' } }], pace: 5 }
}

/**
 * Kills a process during turns that began at random moments, and checks the result at a living one.
 * Every message that was acknowledged is stored once, no item twice, every run and call has ended,
 * and each turn can be retried.
 */
export async function crash(
  doomed: AppServer,
  living: AppServer,
  { turns, foundMs = 60_000, skipWaiting = false }: Crash,
): Promise<void> {
  const people = await Promise.all(Array.from({ length: turns }, () => signedIn()))
  const streams = people.map(async (person) => {
    await sleep(Math.random() * 600)
    const requestId = crypto.randomUUID()
    const stream = await open(
      doomed.url,
      person,
      'threads.create',
      message('Buy milk, and talk about it.'),
      requestId,
    ).catch(() => undefined)
    await stream?.read().catch(() => undefined)
    return { person, stream, requestId }
  })
  await sleep(600 + Math.random() * 600)
  await killNow(doomed)
  const all = await Promise.all(streams)
  if (skipWaiting) for (const { person } of all) await letTimePass(person.caller)
  const openRuns = async () => {
    const counts = all.map(({ person: { caller } }) =>
      withCaller(caller, (tx) => tx.run.count({ where: { lastSeq: null } })),
    )
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }
  await expect.poll(openRuns, { timeout: foundMs, interval: 300 }).toBe(0)
  for (const { person, stream, requestId } of all) await check(living, person, stream, requestId)
}

/** Ages the heartbeats of these runs by a minute. */
export async function letTimePass(caller: { userId: string }): Promise<void> {
  const ago = new Date(Date.now() - 60_000)
  const data = { createdAt: ago, heartbeatAt: ago }
  await withCaller(caller, (tx) => tx.run.updateMany({ where: { ownerId: caller.userId, lastSeq: null }, data }))
}

/** Ends a process as a crash does. */
export async function killNow(app: AppServer): Promise<void> {
  app.kill('SIGKILL')
  await app.ended
}

/** Lets the time pass after which a person's runs of a dead process are found, until they have ended. */
export async function becomeFound(caller: Person['caller']): Promise<void> {
  await letTimePass(caller)
  const open = { status: { in: ['queued', 'running', 'waiting'] satisfies RunStatus[] } }
  await expect.poll(() => withCaller(caller, (tx) => tx.run.count({ where: open })), { timeout: 60_000 }).toBe(0)
}

type Person = Awaited<ReturnType<typeof signedIn>>

async function check(living: AppServer, person: Person, stream: Stream | undefined, requestId: string): Promise<void> {
  const pending = async () =>
    (await listToolCalls({ caller: person.caller })).data.filter(({ status }) => status === 'pending')
  await expect.poll(pending, { timeout: 20_000 }).toEqual([])
  const said = stream?.events.find((event) => event.type === 'thread.item.done' && event.item.type === 'user_message')
  if (!stream || !said) return checkSentAgain(living, person, requestId)
  const run = await findRun(person.caller, stream.runId)
  // The process died before its run began to answer, so the run was withdrawn and the client must
  // send again.
  if (run?.lastSeq === 0) return checkSentAgain(living, person, requestId)
  expect(['done', 'interrupted']).toContain(run?.status)
  const { data } = await createPrismaStore(person.caller).listItems(stream.threadId, { limit: 100, order: 'asc' })
  expect(new Set(data.map(({ id }) => id)).size).toBe(data.length)
  expect(data.filter(({ type }) => type === 'user_message')).toHaveLength(1)
  expect(data.filter(({ type }) => type === 'assistant_message').length).toBeLessThanOrEqual(1)
  for (const { event } of stream.received)
    if (event.type === 'thread.item.done') expect(data.map(({ id }) => id)).toContain(event.item.id)
  expect(await withCaller(person.caller, (tx) => tx.task.count())).toBeLessThanOrEqual(1)

  const { threadId: thread_id, runId: run_id, lastId: after } = stream
  const rest = await open(living.url, person, 'threads.attach', { thread_id, run_id, after })
  await rest.read()
  expect(rest.complete).toBe(true)
  if (run?.status === 'done') return expect(textOf([...stream.received, ...rest.received])).toBe(WORDS.join(''))
  expect(rest.events.findLast(({ type }) => type === 'error')).toMatchObject({ allow_retry: true })
  const { id: item_id } = data.find(({ type }) => type === 'user_message') ?? { id: '' }
  const earlier = (await listToolCalls({ caller: person.caller })).data
  const retried = await open(living.url, person, 'threads.retry_after_item', { thread_id, item_id })
  const { received } = await retried.read()
  // A write that took or may have taken effect is not repeated without an approval.
  if (earlier.length > 0)
    expect(received.some(({ event }) => event.type === 'thread.item.done' && event.item.type === 'widget')).toBe(true)
  else expect(textOf(received)).toBe(WORDS.join(''))
  expect(await withCaller(person.caller, (tx) => tx.task.count())).toBeLessThanOrEqual(1)
  expect((await post(living.url, person, 'threads.stop', { thread_id })).status).toBe(200)
}

/**
 * A message without an answer that is resent under its own id is answered once, whatever was kept
 * of it.
 */
async function checkSentAgain(living: AppServer, person: Person, requestId: string): Promise<void> {
  const again = await open(living.url, person, 'threads.create', message('Buy milk, and talk about it.'), requestId)
  const { received } = await again.read()
  expect(again.complete).toBe(true)
  const store = createPrismaStore(person.caller)
  const { data: threads } = await store.listThreads({ limit: 9, order: 'asc' })
  expect(threads).toHaveLength(1)
  const { data: items } = await store.listItems(threads[0]?.id ?? '', { limit: 100, order: 'asc' })
  expect(items.filter(({ type }) => type === 'user_message')).toHaveLength(1)
  const answers = items.filter(({ type }) => type === 'assistant_message')
  expect(answers.length).toBeLessThanOrEqual(1)
  if (answers.length === 1) expect(textOf(received)).toBe(WORDS.join(''))
  expect(await withCaller(person.caller, (tx) => tx.task.count())).toBeLessThanOrEqual(1)
}
