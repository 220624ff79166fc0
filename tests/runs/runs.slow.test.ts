import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { Respond } from '#lib/chatkit/server/turn.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { findRun, finishRun, markStopped } from '#lib/data/runs/runs.ts'
import { closeDb, withCaller } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { newId } from '#lib/platform/ids.ts'
import { EventLog } from '#lib/runs/event-log.ts'
import { PATIENCE } from '#lib/runs/launch-run.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { listActiveRuns } from '#lib/runs/registry.ts'
import { drainRuns } from '#lib/runs/stop-run.ts'
import {
  door,
  kinds,
  openDoor,
  parseEvents,
  readReply,
  textOf,
  threadOf,
  typed,
} from '#tests/support/chatkit/chatkit.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { untilDatabaseIsOld } from '#tests/support/processes/old-database.ts'

beforeAll(untilDatabaseIsOld)

type Signed = Awaited<ReturnType<typeof signedIn>>

const create = { type: 'threads.create', params: { input: typed('hi') } }
const NOW = new Date().toISOString()

afterEach(async () => {
  for (const run of listActiveRuns()) run.stop()
  await Promise.all(listActiveRuns().map(({ ended }) => ended))
})

const added = (thread_id: string, id = 'a'): ThreadStreamEvent => ({
  type: 'thread.item.added',
  item: { id, thread_id, created_at: NOW, type: 'assistant_message', content: [] },
})

const delta = (text: string, item_id = 'a'): ThreadStreamEvent => ({
  type: 'thread.item.updated',
  item_id,
  update: { type: 'assistant_message.content_part.text_delta', content_index: 0, delta: text },
})

const done = (thread_id: string, text: string, id = 'a'): ThreadStreamEvent => ({
  type: 'thread.item.done',
  item: {
    id,
    thread_id,
    created_at: NOW,
    type: 'assistant_message',
    content: [{ type: 'output_text', text, annotations: [] }],
  },
})

/** A `respond` that says "One", waits for `go` or the stop, and then says "One two". */
function paused(): { respond: Respond<TurnContext>; go: () => void; aborted: () => boolean } {
  const { promise: gone, resolve: go } = Promise.withResolvers<void>()
  let stopped = false
  return {
    go,
    aborted: () => stopped,
    respond: async function* ({ thread, signal }, { run }) {
      run.report({ model: 'scripted', inputTokens: 5, modelCalls: 1 })
      yield added(thread.id)
      yield delta('One')
      await Promise.race([gone, new Promise((resolve) => signal.addEventListener('abort', resolve))])
      stopped = signal.aborted
      if (stopped) return
      yield delta(' two')
      run.report({ outputTokens: 2, modelCalls: 2 })
      yield done(thread.id, 'One two')
    },
  }
}

/** Reads a response until its text contains `until`, and leaves it open. */
async function readUntil(response: Response, until: string) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!text.includes(until)) {
    const { value, done } = await reader.read()
    if (done) throw new Error(`ended before ${until}: ${text}`)
    text += decoder.decode(value, { stream: true })
  }
  return { events: parseEvents(text), reader, runId: response.headers.get('x-run-id') ?? '' }
}

async function begin(person: Signed, respond: Respond<TurnContext>) {
  const { events, reader, runId } = await readUntil(await openDoor(person, respond)(create), 'One')
  return { thread_id: threadOf({ events }), reader, runId, events }
}

const ended = (id: string) => listActiveRuns().find((run) => run.id === id)?.ended

async function items(person: Signed, thread_id: string): Promise<ThreadItem[]> {
  return (await createPrismaStore(person.caller).listItems(thread_id, { limit: 50, order: 'asc' })).data
}

test('a closed tab does not end the answer', async () => {
  const person = await signedIn()
  const { respond, go, aborted } = paused()
  const { thread_id, reader, runId } = await begin(person, respond)
  await reader.cancel()
  await sleep(50)
  expect(await findRun(person.caller, runId)).toMatchObject({ status: 'running', heartbeatAt: expect.any(Date) })
  go()
  await ended(runId)
  expect(aborted()).toBe(false)
  expect(textOf((await items(person, thread_id)).at(-1))).toBe('One two')
  expect(await findRun(person.caller, runId)).toMatchObject({
    status: 'done',
    model: 'scripted',
    inputTokens: 5,
    outputTokens: 2,
    modelCalls: 2,
  })
})

test('a reader who attaches gets the running answer from its first event; another person gets a 404', async () => {
  const person = await signedIn()
  const { respond, go } = paused()
  const { thread_id, reader, runId, events } = await begin(person, respond)
  const attach = { type: 'threads.attach', params: { thread_id } }
  const open = openDoor(person, respond)
  const second = await readUntil(await open(attach), 'One')
  expect(second.runId).toBe(runId)
  expect(second.events).toEqual(events)
  expect((await door(await signedIn(), respond)(attach)).status).toBe(404)
  const third = await open(attach)
  go()
  expect(kinds((await readReply(third)).events).at(-1)).toBe('thread.item.done assistant_message')
  await Promise.all([reader.cancel(), second.reader.cancel()])
  const after = await door(person, respond)(attach)
  expect([after.status, after.events]).toEqual([200, []])
})

test('a stop ends the answer, keeps its text and frees the thread', async () => {
  const person = await signedIn()
  const { respond, aborted } = paused()
  const { thread_id, reader, runId } = await begin(person, respond)
  const ask = door(person)
  expect((await ask({ type: 'threads.stop', params: { thread_id } })).data).toEqual({})
  expect(aborted()).toBe(true)
  expect(await findRun(person.caller, runId)).toMatchObject({
    status: 'stopped',
    failureClass: null,
    errorMessage: null,
  })
  expect((await items(person, thread_id)).map(({ type }) => type)).toEqual([
    'user_message',
    'assistant_message',
    'sdk_hidden_context',
  ])
  await reader.cancel()
  expect((await ask({ type: 'threads.stop', params: { thread_id } })).data).toEqual({})
  expect((await ask({ type: 'threads.add_user_message', params: { thread_id, input: typed('next') } })).status).toBe(
    200,
  )
})

test('a second message is refused while the answer runs, and two simultaneous messages start one run', async () => {
  const person = await signedIn()
  const { respond, go } = paused()
  const { thread_id, reader, runId } = await begin(person, respond)
  const next = { type: 'threads.add_user_message', params: { thread_id, input: typed('next') } }
  const refused = await door(person)(next)
  expect([refused.status, refused.data.message]).toEqual([409, expect.stringMatching(/still answering/)])
  expect((await items(person, thread_id)).filter(({ type }) => type === 'user_message')).toHaveLength(1)
  go()
  await ended(runId)
  await reader.cancel()
  // The answer is held, so that it cannot end before the second request arrives.
  const held = paused()
  const both = await Promise.all([openDoor(person, held.respond)(next), openDoor(person, held.respond)(next)])
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
  held.go()
  await Promise.all(both.map((response) => response.text()))
})

test('deleting a thread ends its answer first', async () => {
  const person = await signedIn()
  const { respond, aborted } = paused()
  const { thread_id, reader, runId } = await begin(person, respond)
  expect((await door(person)({ type: 'threads.delete', params: { thread_id } })).status).toBe(200)
  expect(aborted()).toBe(true)
  expect(await findRun(person.caller, runId)).toMatchObject({ status: 'stopped' })
  expect(await items(person, thread_id)).toEqual([])
  await reader.cancel()
})

test('an unexpected failure is recorded on the run with its public sentence, and the next message works', async () => {
  const person = await signedIn()
  // biome-ignore lint/correctness/useYield: fails before its first event
  const failed = await door(person, async function* () {
    throw new Error('private')
  })(create)
  expect(failed.events.at(-2)).toMatchObject({ type: 'error', allow_retry: true })
  const run = await findRun(person.caller, failed.headers.get('x-run-id') ?? '')
  expect(run).toMatchObject({
    status: 'failed',
    failureClass: 'internal',
    errorMessage: expect.stringMatching(/went wrong/),
  })
  expect(
    (
      await door(person)({
        type: 'threads.add_user_message',
        params: { thread_id: threadOf(failed), input: typed('x') },
      })
    ).status,
  ).toBe(200)
})

test('a failure keeps its class if an error follows it', async () => {
  const person = await signedIn()
  // biome-ignore lint/correctness/useYield: fails before its first event
  const failed = await door(person, async function* (_, { run }) {
    run.fail('model_limited', 'The model has no capacity.')
    throw new Error('later trouble')
  })(create)
  const run = await findRun(person.caller, failed.headers.get('x-run-id') ?? '')
  expect(run).toMatchObject({
    status: 'failed',
    failureClass: 'model_limited',
    errorMessage: 'The model has no capacity.',
  })
})

test('a dead process’s run is interrupted at once by the next message, or when the server starts', async () => {
  const person = await signedIn()
  const ask = door(person)
  const thread_id = threadOf(await ask(create))
  const orphan = (threadId: string, status: 'queued' | 'running') => ({
    id: newId('run'),
    ownerId: person.caller.userId,
    threadId,
    requestId: 'r',
    operation: 'threads.create',
    status,
    createdAt: new Date(Date.now() - 60_000),
    heartbeatAt: status === 'running' ? new Date(Date.now() - 16_000) : null,
  })
  const [first, second, fresh] = [
    orphan(thread_id, 'running'),
    orphan('thr_gone', 'queued'),
    { ...orphan('thr_alive', 'running'), heartbeatAt: new Date() },
  ]
  await withCaller(person.caller, (tx) => tx.run.createMany({ data: [first, second, fresh] }))
  expect((await ask({ type: 'threads.add_user_message', params: { thread_id, input: typed('x') } })).status).toBe(200)
  expect(await findRun(person.caller, first.id)).toMatchObject({ status: 'interrupted', finishedAt: expect.any(Date) })
  expect(await recoverRuns()).toBe(1)
  expect(await findRun(person.caller, second.id)).toMatchObject({ status: 'interrupted' })
  expect(await findRun(person.caller, fresh.id)).toMatchObject({ status: 'running' })
})

test('a run that another process stopped ends at its next heartbeat', async () => {
  const person = await signedIn()
  const { respond, aborted } = paused()
  const { thread_id, reader, runId } = await begin(person, respond)
  expect(await markStopped(person.caller, thread_id)).toBe(runId)
  await ended(runId)
  expect(aborted()).toBe(true)
  expect(await findRun(person.caller, runId)).toMatchObject({ status: 'stopped', model: 'scripted' })
  await reader.cancel()
})

test('a run gives its reason and is interrupted when the process shuts down', async () => {
  const person = await signedIn()
  const { respond } = paused()
  const { reader, runId } = await begin(person, respond)
  await drainRuns(500)
  const rest = await reader.read().then(({ value }) => new TextDecoder().decode(value))
  expect(rest).toContain('thread.item.done')
  expect(await findRun(person.caller, runId)).toMatchObject({
    status: 'interrupted',
    errorMessage: expect.stringMatching(/restarting/),
  })
  await reader.cancel()
})

test('a run that does not end cannot delay the shutdown: its readers are disconnected', async () => {
  const person = await signedIn()
  const hanging: Respond<TurnContext> = async function* ({ thread }) {
    yield added(thread.id)
    yield delta('One')
    await new Promise((resolve) => setTimeout(resolve, 3_000))
  }
  const { reader, runId } = await begin(person, hanging)
  await drainRuns(100)
  expect(await reader.read()).toEqual({ done: true, value: undefined })
  await ended(runId)
})

test('an end of a run can be written twice, but never overwrites the end that another process wrote', async () => {
  const { caller } = await signedIn()
  const run = (status: 'running' | 'interrupted', lastSeq?: number) =>
    ({
      id: newId('run'),
      ownerId: caller.userId,
      threadId: newId('thr'),
      requestId: 'r',
      operation: 'o',
      status,
      lastSeq,
    }) as const
  const [own, taken] = [run('running'), run('interrupted', 1_000_001)]
  await withCaller(caller, (tx) => tx.run.createMany({ data: [own, taken] }))
  const last = { lastSeq: 1, events: [{ seq: 1, event: delta('One') }] }
  for (const _ of [1, 2]) expect(await finishRun(own, { status: 'done' }, {}, last)).toBe(true)
  expect(await finishRun(taken, { status: 'done' }, {}, last)).toBe(false)
  expect(await findRun(caller, taken.id)).toMatchObject({ status: 'interrupted', lastSeq: 1_000_001 })
  expect(await withCaller(caller, (tx) => tx.runEvent.count())).toBe(1)
})

test('a long database outage is explained to the person, and the run is closed when the database is back', async () => {
  const person = await signedIn()
  const { ms } = PATIENCE
  PATIENCE.ms = 300
  onTestFinished(() => {
    PATIENCE.ms = ms
  })
  const { respond, go } = paused()
  const { thread_id, reader, runId } = await begin(person, respond)
  const over = ended(runId)
  const settings = env()
  const { DATABASE_URL } = settings
  settings.DATABASE_URL = 'postgresql://nobody@127.0.0.1:9/none'
  await closeDb()
  go()
  let rest = ''
  for (let next = await reader.read(); !next.done; next = await reader.read())
    rest += new TextDecoder().decode(next.value)
  expect(parseEvents(rest).at(-1)).toMatchObject({
    type: 'error',
    code: 'custom',
    message: expect.stringMatching(/database cannot be reached/),
    allow_retry: true,
  })
  settings.DATABASE_URL = DATABASE_URL
  await closeDb()
  await over
  expect(await findRun(person.caller, runId)).toMatchObject({ status: 'failed', failureClass: 'database' })
  expect(
    (await door(person)({ type: 'threads.add_user_message', params: { thread_id, input: typed('x') } })).status,
  ).toBe(200)
})

async function collect(log: EventLog, after = 0): Promise<ThreadStreamEvent[]> {
  const events: ThreadStreamEvent[] = []
  for await (const { event } of log.read(after)) events.push(event)
  return events
}

test('the log drops the events that built a finished item, but only for late readers', async () => {
  const log = new EventLog()
  const live = collect(log)
  await sleep(0)
  for (const event of [added('t', 'b'), added('t'), delta('x'), done('t', 'x')]) {
    log.append(event)
    await sleep(0)
  }
  log.end()
  expect(kinds(await live)).toHaveLength(4)
  expect(kinds(await collect(log))).toEqual([
    'thread.item.added assistant_message',
    'thread.item.done assistant_message',
  ])
  expect(await collect(log, 3)).toEqual([done('t', 'x')])
})

test('a late reader gets items in the order in which they began, whatever order they ended in', async () => {
  const log = new EventLog()
  for (const event of [added('t'), added('t', 'b'), delta('y', 'b'), done('t', 'y', 'b'), delta('x'), done('t', 'x')])
    log.append(event)
  log.end()
  expect(await collect(log)).toEqual([added('t'), done('t', 'y', 'b'), done('t', 'x')])
})

test('the log joins deltas that every reader has read, loses no text and stays within its limit', async () => {
  const log = new EventLog({ soft: 2_000, hard: 20_000 })
  log.append(added('t'))
  const fast = collect(log)
  const slow = log.read()
  const rest: ThreadStreamEvent[] = []
  const readOne = async () => {
    const { value } = await slow.next()
    if (typeof value === 'object') rest.push(value.event)
  }
  await readOne()
  for (let n = 0; n < 60; n += 1) {
    log.append(delta(`${n} `))
    await sleep(0)
    if (n < 40) await readOne()
  }
  log.end()
  const late = await collect(log)
  expect(late.length).toBeLessThan(40)
  const text = (events: ThreadStreamEvent[]) =>
    events.map((event) => ('update' in event && 'delta' in event.update ? event.update.delta : '')).join('')
  for await (const { event } of slow) rest.push(event)
  const whole = Array.from({ length: 60 }, (_, n) => `${n} `).join('')
  expect(text(await fast)).toBe(whole)
  expect(text(rest)).toBe(whole)
  expect(text(late)).toBe(whole)

  const flood = new EventLog({ soft: 2_000, hard: 5_000 })
  const behind = flood.read()
  flood.append(added('t'))
  await behind.next()
  for (let n = 0; n < 200; n += 1) flood.append({ type: 'progress_update', text: `${n} ${'x'.repeat(100)}` })
  expect(flood.bytes).toBeLessThanOrEqual(5_000)
  expect((await behind.next()).done).toBe(true)
})
