import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { findRun } from '#lib/data/runs/runs.ts'
import { deltas, message, open, post, type Received, type Stream, textOf } from '#tests/support/browser/browser-tab.ts'
import type { OpenAIServer, Step } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import type { AppServer } from '#tests/support/processes/app-server.ts'
import type { Replicas } from '#tests/support/processes/replicas.ts'

// One round of each thing that must hold however often it happens. The tests do five rounds, `npm
// run soak` many more.

type Person = Awaited<ReturnType<typeof signedIn>>

const WORDS = Array.from({ length: 200 }, (_, n) => `word${n} `)
const TEXT = WORDS.join('')
const FEW = WORDS.slice(0, 30)

/** What is stored of a thread, in the form of a stream. */
export async function stored(person: Person, threadId: string): Promise<Received[]> {
  const { data } = await createPrismaStore(person.caller).listItems(threadId, { limit: 100, order: 'asc' })
  return data.map((item) => ({ id: 0, event: { type: 'thread.item.done', item } }))
}

const withoutDone = (received: Received[]) => received.filter(({ event }) => event.type !== 'thread.item.done')

/**
 * A connection is cut at delta 60 of 200, and the other replica continues: nothing is missing, and
 * nothing comes twice.
 */
export async function cut(apps: Replicas, model: OpenAIServer): Promise<void> {
  const person = await signedIn()
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
  expect(textOf(withoutDone([...first.received, ...second.received]))).toBe(TEXT)
  expect(textOf(second.received)).toBe(TEXT)
  expect(textOf(await stored(person, thread_id))).toBe(TEXT)
  const whole = await (await open(apps.two.url, person, 'threads.attach', { thread_id, run_id })).read()
  expect(textOf(withoutDone(whole.received))).toBe(TEXT)
}

/**
 * A process gets SIGTERM with open streams, 50 by default. It is not ready at once, accepts nothing
 * new, lets the answers finish, and exits with 0. With `hurry` the models fall silent, and every
 * reader gets the sentence that the server restarts.
 */
export async function drain(
  leaving: AppServer,
  staying: AppServer,
  model: OpenAIServer,
  { hurry = false, count = 50 } = {},
): Promise<void> {
  const people = await Promise.all(Array.from({ length: 5 }, () => signedIn()))
  const rest = Promise.withResolvers<void>()
  const step: Step = hurry
    ? { text: FEW, fault: { kind: 'silence', after: 8 } }
    : { text: FEW, pause: { after: 8, until: rest.promise } }
  model.script(...Array.from({ length: count }, () => step))
  const begin = async (n: number) => {
    await sleep(n * 20)
    const id = crypto.randomUUID()
    return patiently(() => open(leaving.url, people[n % 5] as Person, 'threads.create', message(`go ${n}`), id))
  }
  const streams = await Promise.all(Array.from({ length: count }, (_, n) => begin(n)))
  await Promise.all(streams.map((stream) => stream.read(() => deltas(stream.received) > 0)))
  const [person, first] = [people[0] as Person, streams[0] as Stream]
  const { threadId: thread_id, runId: run_id, lastId: after } = first
  const elsewhere = await open(staying.url, person, 'threads.attach', { thread_id, run_id, after })
  leaving.kill('SIGTERM')
  await expect
    .poll(() => fetch(`${leaving.url}/api/health/ready`).then(({ status }) => status), { timeout: 20_000 })
    .toBe(503)
  const refused = await post(leaving.url, person, 'threads.create', message('one more'))
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
  rest.resolve()
  await Promise.all([...streams, elsewhere].map((stream) => stream.read()))
  for (const stream of [...streams, elsewhere]) {
    expect(stream.complete).toBe(true)
    if (!hurry) expect(textOf(stream.received)).toBe(FEW.join(''))
    else {
      expect(stream.events.at(-1)).toMatchObject({
        type: 'error',
        allow_retry: true,
        message: expect.stringMatching(/restarting/),
      })
      expect(FEW.join('').startsWith(textOf(stream.received))).toBe(true)
    }
  }
  expect(await leaving.ended).toBe(0)
  expect(await findRun(person.caller, run_id)).toMatchObject({
    status: hurry ? 'interrupted' : 'done',
    lastSeq: first.lastId,
  })
}

/**
 * Many runs at once, each read to some point at one replica and to its end at the other. `pace` is
 * the time (ms) between two words.
 */
export async function crowd(apps: Replicas, model: OpenAIServer, size: number, pace: number): Promise<void> {
  model.otherwise(() => ({ text: WORDS, pace }))
  const before = model.requests.length
  const people = await Promise.all(Array.from({ length: Math.ceil(size / 10) }, () => signedIn()))
  const turn = async (n: number) => {
    await sleep(n * 50)
    const person = people[n % people.length] as Person
    const [here, there] = n % 2 ? [apps.one, apps.two] : [apps.two, apps.one]
    const id = crypto.randomUUID()
    const first = await patiently(() => open(here.url, person, 'threads.create', message(`go ${n}`), id))
    await first.read(() => deltas(first.received) >= 20 + (n % 100))
    first.cut()
    const params = { thread_id: first.threadId, run_id: first.runId, after: first.lastId }
    const second = await patiently(() => open(there.url, person, 'threads.attach', params))
    await second.read()
    expect(second.complete).toBe(true)
    expect(textOf(withoutDone([...first.received, ...second.received]))).toBe(TEXT)
    expect(await findRun(person.caller, first.runId)).toMatchObject({ status: 'done', lastSeq: second.lastId })
  }
  await Promise.all(Array.from({ length: size }, (_, n) => turn(n)))
  expect(model.requests.length).toBe(before + size)
}

/** A server that is full answers 503, and the client tries again. */
async function patiently(attempt: () => Promise<Stream>): Promise<Stream> {
  for (let tries = 0; tries < 40; tries += 1) {
    const stream = await attempt().catch((error: Error) => error)
    if (!(stream instanceof Error)) return stream
    if (!/answered 503/.test(stream.message)) throw stream
    await sleep(1_000)
  }
  throw new Error('the server was full for 40 s')
}
