import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { findRun } from '#lib/data/runs/runs.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { deltas, message, open, post, type Received, textOf } from '#tests/support/browser/browser-tab.ts'
import { type OpenAIServer, openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { stored } from '#tests/support/processes/replica-rounds.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'

// Two production builds on one PostgreSQL behind a proxy without affinity: each process continues
// what the other began.

const WORDS = Array.from({ length: 200 }, (_, n) => `word${n} `)
const TEXT = WORDS.join('')
/** An answer that does not end by itself, however slow the machine is. */
const UNFINISHED: Step = { text: WORDS, pace: 20, fault: { kind: 'silence', after: 60 } }

// Processes start and stop here, which is slow on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

let model: OpenAIServer
let apps: Replicas

beforeAll(async () => {
  model = await openAIServer()
  apps = await startReplicas({
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'test',
    THREAD_TITLES: 'first_words',
    RUNS_AT_ONCE: '6',
  })
}, BUILD_MS)

afterAll(async () => {
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

const itemTypes = (received: Received[]) => received.map(({ event }) => 'item' in event && event.item.type)

test('a stop at the other replica ends the answer at once and keeps its text', async () => {
  const person = await signedIn()
  model.script(UNFINISHED, { text: 'Next.' })
  const stream = await open(apps.one.url, person, 'threads.create', message('go'))
  await stream.read(() => deltas(stream.received) >= 10)
  expect((await post(apps.two.url, person, 'threads.stop', { thread_id: stream.threadId })).status).toBe(200)
  await stream.read()
  expect(await findRun(person.caller, stream.runId)).toMatchObject({ status: 'stopped', lastSeq: stream.lastId })
  expect(itemTypes(await stored(person, stream.threadId))).toEqual([
    'user_message',
    'assistant_message',
    'sdk_hidden_context',
  ])
  const next = await open(apps.two.url, person, 'threads.add_user_message', message('and now?', stream.threadId))
  expect(textOf((await next.read()).received)).toBe('Next.')
})

test('one answer per thread and RUNS_AT_ONCE per person hold at whichever replica is asked', async () => {
  const person = await signedIn()
  model.script(...Array.from({ length: 6 }, () => UNFINISHED))
  const [stream, ...others] = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      open(n % 2 ? apps.one.url : apps.two.url, person, 'threads.create', message('go')),
    ),
  )
  if (!stream) throw new Error('no stream')
  await stream.read(() => deltas(stream.received) >= 1)
  for (const { url } of [apps.one, apps.two]) {
    const refused = await post(url, person, 'threads.create', message('one more'))
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5'])
    expect(await refused.json()).toMatchObject({
      message: 'You already have 6 answers in progress. Wait for one to end, or stop one.',
    })
  }
  const second = await post(apps.two.url, person, 'threads.add_user_message', message('more', stream.threadId))
  expect([second.status, second.headers.get('retry-after')]).toEqual([409, '5'])
  for (const { threadId } of [
    stream,
    ...(await Promise.all(others.map((other) => other.read(() => other.events.length > 0)))),
  ])
    await post(apps.two.url, person, 'threads.stop', { thread_id: threadId })
})

test('a conversation works if every request may reach another replica', async () => {
  const person = await signedIn()
  const ask = (type: string, params: object) =>
    post(apps.proxy.url, person, type, params).then((answer) => answer.json())
  model.script({ text: ['First', ' answer.'] }, { text: ['Second', ' answer.'], pace: 30 }, UNFINISHED)
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

test('after kill -9 mid-answer the other replica keeps the streamed text, reports the failure, and the answer can be retried', async () => {
  const person = await signedIn()
  const doomed = await apps.start()
  const calls = [{ name: 'add_task', arguments: { title: 'Buy milk' } }]
  model.script({ calls }, UNFINISHED)
  const stream = await open(doomed.url, person, 'threads.create', message('go'))
  await stream.read(() => deltas(stream.received) >= 20)
  const { threadId: thread_id, runId: run_id } = stream
  const elsewhere = await open(apps.two.url, person, 'threads.attach', { thread_id, run_id, after: stream.lastId })
  const seen = textOf(stream.received)
  const open_call = {
    id: 'call_open',
    ownerId: person.caller.userId,
    via: 'chat',
    server: 's',
    tool: 't',
    runId: run_id,
  }
  await withCaller(person.caller, (tx) =>
    tx.toolCall.create({ data: { ...open_call, arguments: {}, argumentsBytes: 2 } }),
  )
  // The log may lag behind what a reader of the dead process has seen.
  const written = () =>
    withCaller(person.caller, (tx) => tx.runEvent.aggregate({ where: { runId: run_id }, _max: { seq: true } }))
  await expect.poll(async () => (await written())._max.seq).toBeGreaterThanOrEqual(stream.lastId)
  doomed.kill('SIGKILL')
  await expect(stream.read()).rejects.toThrow()
  await elsewhere.read()
  expect(elsewhere.events.at(-1)).toMatchObject({
    type: 'error',
    allow_retry: true,
    message: expect.stringMatching(/kept/),
  })
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
  const { id: item_id } = stream.events.flatMap((event) =>
    event.type === 'thread.item.done' ? event.item : [],
  )[0] ?? { id: '' }
  const again = await open(apps.one.url, person, 'threads.retry_after_item', { thread_id, item_id })
  expect(textOf((await again.read()).received)).toBe('Done.')
  expect(itemTypes(await stored(person, thread_id))).toEqual(['user_message', 'assistant_message'])
  const ledger = (await listToolCalls({ caller: person.caller })).data.map(({ status, failureClass }) => [
    status,
    failureClass,
  ])
  expect(ledger.sort()).toEqual([
    ['succeeded', null],
    ['unknown', 'replica_died'],
  ])
})

test('kill -9 while a message waits for its turn: the message is never acknowledged, and is stored once when it is resent', async () => {
  const person = await signedIn()
  const doomed = await apps.start({ WHILE_ANSWERING: 'wait' })
  model.script(UNFINISHED, { text: 'And more.' })
  const stream = await open(doomed.url, person, 'threads.create', message('go'))
  await stream.read(() => deltas(stream.received) > 0)
  const thread_id = stream.threadId
  const requestId = crypto.randomUUID()
  const waiting = post(doomed.url, person, 'threads.add_user_message', message('more', thread_id), { requestId })
  const [answered] = await Promise.all([
    waiting.then(
      () => 'answered',
      () => 'broken',
    ),
    sleep(300).then(() => doomed.kill('SIGKILL')),
  ])
  expect(answered).toBe('broken')
  const elsewhere = await open(apps.two.url, person, 'threads.attach', {
    thread_id,
    run_id: stream.runId,
    after: stream.lastId,
  })
  await elsewhere.read()
  const again = await open(apps.one.url, person, 'threads.add_user_message', message('more', thread_id), requestId)
  expect(textOf((await again.read()).received)).toBe('And more.')
  expect(itemTypes(await stored(person, thread_id))).toEqual([
    'user_message',
    'assistant_message',
    'user_message',
    'assistant_message',
  ])
})
