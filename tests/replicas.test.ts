import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prismaStore } from '#lib/data/chatkit-store.ts'
import { findRun } from '#lib/data/runs.ts'
import { listToolCalls } from '#lib/data/tool-calls.ts'
import { withCaller } from '#lib/db.ts'
import { deltas, message, open, post, type Received, textOf } from '#tests/support/browser-tab.ts'
import { addThenTalk, crash } from '#tests/support/crash.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/openai-server.ts'
import { signedIn } from '#tests/support/people.ts'
import { type Replicas, startReplicas } from '#tests/support/replicas.ts'

// Two production builds on one PostgreSQL behind a proxy without memory: what one process does, the other carries on.

type Person = Awaited<ReturnType<typeof signedIn>>

const WORDS = Array.from({ length: 200 }, (_, n) => `word${n} `)
const TEXT = WORDS.join('')
/** The longest that a dead process's run may look alive (issue 6). */
const FOUND_MS = 15_000

let model: OpenAIServer
let apps: Replicas

beforeAll(async () => {
  model = await openAIServer()
  apps = await startReplicas({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', THREAD_TITLES: 'first_words', SHUTDOWN_GRACE: '4' })
}, 240_000)

afterAll(async () => {
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

async function stored(person: Person, threadId: string): Promise<Received[]> {
  const { data } = await prismaStore(person.caller).listItems(threadId, { limit: 100, order: 'asc' })
  return data.map((item) => ({ id: 0, event: { type: 'thread.item.done', item } }))
}

const itemTypes = (received: Received[]) => received.map(({ event }) => 'item' in event && event.item.type)

test('a connection cut at delta 60 of 200 is carried on by the other replica, without a gap, a repetition or a second model call', async () => {
  const person = await signedIn()
  const before = model.requests.length
  model.script({ text: WORDS, pace: 3 })
  const first = await open(apps.one.url, person, 'threads.create', message('go'))
  await first.read(() => deltas(first.received) >= 60)
  first.cut()
  const { threadId: thread_id, runId: run_id, lastId: after } = first
  const second = await open(apps.two.url, person, 'threads.attach', { thread_id, run_id, after })
  expect(second.runId).toBe(run_id)
  await second.read()
  expect(second.complete).toBe(true)
  expect(Math.min(...second.received.map(({ id }) => id))).toBeGreaterThan(after)
  const withoutDone = [...first.received, ...second.received].filter(({ event }) => event.type !== 'thread.item.done')
  expect(textOf(withoutDone)).toBe(TEXT)
  expect(textOf(second.received)).toBe(TEXT)
  expect(textOf(await stored(person, thread_id))).toBe(TEXT)
  expect(model.requests.length).toBe(before + 1)

  const whole = await open(apps.two.url, person, 'threads.attach', { thread_id, run_id })
  await whole.read()
  expect(textOf(whole.received.filter(({ event }) => event.type !== 'thread.item.done'))).toBe(TEXT)
  const other = await post(apps.two.url, await signedIn(), 'threads.attach', { thread_id, run_id })
  expect(other.status).toBe(404)
})

test('a stop at the other replica ends the answer at once and keeps what was said', async () => {
  const person = await signedIn()
  model.script({ text: WORDS, pace: 20 }, { text: 'Next.' })
  const stream = await open(apps.one.url, person, 'threads.create', message('go'))
  await stream.read(() => deltas(stream.received) >= 10)
  const began = Date.now()
  expect((await post(apps.two.url, person, 'threads.stop', { thread_id: stream.threadId })).status).toBe(200)
  expect(Date.now() - began).toBeLessThan(1_500)
  await stream.read()
  expect(await findRun(person.caller, stream.runId)).toMatchObject({ status: 'stopped', lastSeq: stream.lastId })
  expect(itemTypes(await stored(person, stream.threadId))).toEqual(['user_message', 'assistant_message', 'sdk_hidden_context'])
  const next = await open(apps.two.url, person, 'threads.add_user_message', message('and now?', stream.threadId))
  expect(textOf((await next.read()).received)).toBe('Next.')
})

test('one answer at a time, and no more than the limit, whichever replica is asked', async () => {
  const person = await signedIn()
  model.script({ text: WORDS, pace: 20 })
  const stream = await open(apps.one.url, person, 'threads.create', message('go'))
  await stream.read(() => deltas(stream.received) >= 1)
  const second = await post(apps.two.url, person, 'threads.add_user_message', message('more', stream.threadId))
  expect([second.status, second.headers.get('retry-after')]).toEqual([409, '5'])
  await post(apps.two.url, person, 'threads.stop', { thread_id: stream.threadId })
})

test('behind the proxy every request may reach another replica', async () => {
  const person = await signedIn()
  const ask = (type: string, params: object) => post(apps.proxy.url, person, type, params).then((answer) => answer.json())
  model.script({ text: ['First', ' answer.'] }, { text: ['Second', ' answer.'], pace: 30 }, { text: WORDS, pace: 20 })
  const first = await open(apps.proxy.url, person, 'threads.create', message('one'))
  expect(textOf((await first.read()).received)).toBe('First answer.')
  const thread_id = first.threadId
  const second = await open(apps.proxy.url, person, 'threads.add_user_message', message('two', thread_id))
  const beside = await Promise.all([1, 2].map(() => open(apps.proxy.url, person, 'threads.attach', { thread_id })))
  for (const stream of [second, ...beside]) expect(textOf((await stream.read()).received)).toBe('Second answer.')
  const { items } = await ask('threads.get_by_id', { thread_id })
  expect(items.data.map(({ type }: { type: string }) => type)).toEqual([
    'user_message',
    'assistant_message',
    'user_message',
    'assistant_message',
  ])
  const third = await open(apps.proxy.url, person, 'threads.add_user_message', message('three', thread_id))
  await third.read(() => deltas(third.received) > 0)
  await Promise.all([ask('threads.stop', { thread_id }), ask('threads.stop', { thread_id })])
  expect((await third.read()).complete).toBe(true)
})

test('kill -9 in mid-answer: the other replica keeps what was streamed, says so within 15 s, and the answer can be asked for again', {
  timeout: 60_000,
}, async () => {
  const person = await signedIn()
  const doomed = await apps.start()
  const calls = [{ name: 'add_task', arguments: { title: 'Buy milk' } }]
  model.script({ calls }, { text: WORDS, pace: 20 })
  const stream = await open(doomed.url, person, 'threads.create', message('go'))
  await stream.read(() => deltas(stream.received) >= 20)
  const { threadId: thread_id, runId: run_id } = stream
  const elsewhere = await open(apps.two.url, person, 'threads.attach', { thread_id, run_id, after: stream.lastId })
  const seen = textOf(stream.received)
  const open_call = { id: 'call_open', ownerId: person.caller.userId, via: 'chat', server: 's', tool: 't', runId: run_id }
  await withCaller(person.caller, (tx) => tx.toolCall.create({ data: { ...open_call, arguments: {}, argumentsBytes: 2 } }))
  // The log is a tenth of a second behind what a reader of the dead process has seen.
  await sleep(200)
  doomed.kill('SIGKILL')
  const died = Date.now()
  await expect(stream.read()).rejects.toThrow()
  await elsewhere.read()
  expect(Date.now() - died).toBeLessThan(FOUND_MS)
  expect(elsewhere.events.at(-1)).toMatchObject({ type: 'error', allow_retry: true, message: expect.stringMatching(/kept/) })
  const kept = textOf(elsewhere.received)
  expect(TEXT.startsWith(kept) && kept.startsWith(seen)).toBe(true)
  expect(elsewhere.received.at(-1)?.id).toBeGreaterThan(stream.lastId)
  expect(await findRun(person.caller, run_id)).toMatchObject({ status: 'interrupted', lastSeq: elsewhere.lastId })
  const items = await stored(person, thread_id)
  expect(itemTypes(items)).toEqual(['user_message', 'hidden_context_item', 'workflow', 'assistant_message'])
  expect(textOf(items)).toBe(kept)

  const late = await open(apps.one.url, person, 'threads.attach', { thread_id })
  expect((await late.read()).events).toEqual([expect.objectContaining({ type: 'error', allow_retry: true })])
  model.script({ text: 'Done.' })
  const { id: item_id } = stream.events.flatMap((event) => (event.type === 'thread.item.done' ? event.item : []))[0] ?? { id: '' }
  const again = await open(apps.one.url, person, 'threads.retry_after_item', { thread_id, item_id })
  expect(textOf((await again.read()).received)).toBe('Done.')
  expect(itemTypes(await stored(person, thread_id))).toEqual(['user_message', 'assistant_message'])
  const ledger = (await listToolCalls({ caller: person.caller })).data.map(({ status, failureClass }) => [status, failureClass])
  expect(ledger.sort()).toEqual([
    ['succeeded', null],
    ['unknown', 'replica_died'],
  ])
})

test('kill -9 at random points of turns that call a tool: nothing that was acknowledged is lost, and nothing is there twice', {
  timeout: 60_000,
}, async () => {
  model.otherwise(addThenTalk)
  await crash(await apps.start(), apps.two, 6)
})

test('SIGTERM with 50 open streams: not ready at once, nothing new, everybody gets an end, exit code 0', { timeout: 60_000 }, async () => {
  const leaving = await apps.start()
  const people = await Promise.all(Array.from({ length: 5 }, () => signedIn()))
  model.script(...Array.from({ length: 50 }, () => ({ text: WORDS, pace: 200 })))
  const streams = await Promise.all(
    Array.from({ length: 50 }, (_, n) => open(leaving.url, people[n % 5] as Person, 'threads.create', message(`go ${n}`))),
  )
  await Promise.all(streams.map((stream) => stream.read(() => deltas(stream.received) > 0)))
  const [person, first] = [people[0] as Person, streams[0]]
  const elsewhere = await open(apps.two.url, person, 'threads.attach', {
    thread_id: first?.threadId,
    run_id: first?.runId,
    after: first?.lastId,
  })
  leaving.kill('SIGTERM')
  await expect.poll(() => fetch(`${leaving.url}/api/health/ready`).then(({ status }) => status)).toBe(503)
  const refused = await post(leaving.url, person, 'threads.create', message('one more'))
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
  for (const stream of [...streams, elsewhere]) {
    await stream.read()
    expect(stream.complete).toBe(true)
    expect(stream.events.at(-1)).toMatchObject({ type: 'error', allow_retry: true, message: expect.stringMatching(/restarting/) })
    expect(TEXT.startsWith(textOf(stream.received))).toBe(true)
  }
  expect(await leaving.ended).toBe(0)
  expect(await findRun(person.caller, first?.runId ?? '')).toMatchObject({ status: 'interrupted', lastSeq: first?.lastId })
})
