import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import type { AppServer } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { addThenTalk, crash } from '#tests/support/processes/crash.ts'
import { crowd, cut, drain } from '#tests/support/processes/replica-rounds.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'

// Five rounds of everything that must never go wrong between replicas. `npm run soak` does as many
// as you like.

const ROUNDS = 5

// Processes start and stop here, which is slow on a busy machine.
vi.setConfig({ testTimeout: 600_000 })

let model: OpenAIServer
let apps: Replicas

beforeAll(async () => {
  model = await openAIServer()
  apps = await startReplicas({
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'test',
    THREAD_TITLES: 'first_words',
    SHUTDOWN_GRACE: '25',
  })
}, BUILD_MS)

afterAll(async () => {
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

async function rounds(round: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; n < ROUNDS; n += 1) await round(n)
}

test('the other replica continues a stream that is cut at delta 60 of 200, without a gap, a repetition or a second model call', async () => {
  const before = model.requests.length
  await rounds(() => cut(apps, model))
  expect(model.requests.length).toBe(before + ROUNDS)
})

test('60 runs can be read halfway at one replica and to the end at the other', async () => {
  await crowd(apps, model, 60, 20)
})

test('kill -9 at random points of turns with a tool call loses nothing that was acknowledged and stores nothing twice', async () => {
  model.otherwise(addThenTalk)
  // They wait side by side for the same timeout. They start one after the other because starting is
  // CPU-bound.
  const doomed: AppServer[] = []
  await rounds(async () => void doomed.push(await apps.start()))
  await Promise.all(doomed.map((app) => crash(app, apps.two, { turns: 2, skipWaiting: true })))
})

test('SIGTERM with 50 open streams: the replica is no longer ready, refuses new runs, ends every stream and exits with code 0', async () => {
  await rounds(async (n) => drain(await apps.start(), apps.two, model, { count: n === 0 ? 50 : 10 }))
})
