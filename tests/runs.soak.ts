import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withSystem } from '#lib/db.ts'
import { deltas, message, open, type Stream, textOf } from '#tests/support/browser-tab.ts'
import { addThenTalk, crash } from '#tests/support/crash.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/openai-server.ts'
import { signedIn } from '#tests/support/people.ts'
import { type Replicas, startReplicas } from '#tests/support/replicas.ts'

// npm run soak: the long rounds of what tests/replicas.test.ts proves in short ones. SOAK_ROUNDS says how many.

const ROUNDS = Number(process.env.SOAK_ROUNDS) || 50
const WORDS = Array.from({ length: 200 }, (_, n) => `word${n} `)

let model: OpenAIServer
let apps: Replicas

beforeAll(async () => {
  model = await openAIServer()
  apps = await startReplicas({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', LOG_LEVEL: 'warn' })
}, 300_000)

afterAll(async () => {
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

/** A machine that is full says 503, and a client comes again. */
async function patiently(attempt: () => Promise<Stream>): Promise<Stream> {
  for (let tries = 0; tries < 20; tries += 1) {
    const stream = await attempt().catch((error: Error) => error)
    if (!(stream instanceof Error)) return stream
    if (!/answered 503/.test(stream.message)) throw stream
    await sleep(1_000)
  }
  throw new Error('the server was full for 20 s')
}

test(`${ROUNDS} rounds of kill -9 at ten random points of a turn with a tool`, async () => {
  model.otherwise(addThenTalk)
  for (let round = 0; round < ROUNDS; round += 1) await crash(await apps.start(), round % 2 ? apps.one : apps.two, 10)
})

test('300 runs at once on two replicas, each read to its half on one and to its end on the other', async () => {
  model.otherwise(() => ({ text: WORDS, pace: 100 }))
  const before = model.requests.length
  const people = await Promise.all(Array.from({ length: 30 }, () => signedIn()))
  const turn = async (n: number) => {
    await sleep(n * 50)
    const person = people[n % people.length] as (typeof people)[number]
    const [here, there] = n % 2 ? [apps.one, apps.two] : [apps.two, apps.one]
    const id = crypto.randomUUID()
    const first = await patiently(() => open(here.url, person, 'threads.create', message(`go ${n}`), id))
    await first.read(() => deltas(first.received) >= 20 + (n % 100))
    first.cut()
    const params = { thread_id: first.threadId, run_id: first.runId, after: first.lastId }
    const second = await patiently(() => open(there.url, person, 'threads.attach', params))
    await second.read()
    return [first, second]
  }
  const all = await Promise.all(Array.from({ length: 300 }, (_, n) => turn(n)))
  const isDelta = ({ event }: Stream['received'][number]) => event.type !== 'thread.item.done'
  for (const [first, second] of all as [Stream, Stream][]) {
    expect(second.complete).toBe(true)
    expect(textOf([...first.received, ...second.received].filter(isDelta))).toBe(WORDS.join(''))
  }
  expect(model.requests.length).toBe(before + 300)
  const open_runs = await withSystem('runs', (tx) =>
    tx.run.count({ where: { status: { not: 'done' }, operation: 'threads.create', lastSeq: null } }),
  )
  expect(open_runs).toBe(0)
})
