import { afterAll, beforeAll, test } from 'vitest'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { addThenTalk, crash } from '#tests/support/processes/crash.ts'
import { crowd, cut, drain } from '#tests/support/processes/replica-rounds.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'

// npm run soak: many rounds of what tests/replicas/replica-rounds.built.test.ts proves in five.
// SOAK_ROUNDS sets the number.

const ROUNDS = Number(process.env.SOAK_ROUNDS) || 50
/** The longest time (ms) that the run of a dead process may look alive. */
const FOUND_MS = 15_000

let model: OpenAIServer
let apps: Replicas

beforeAll(async () => {
  model = await openAIServer()
  apps = await startReplicas({
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'test',
    LOG_LEVEL: 'warn',
    SHUTDOWN_GRACE: '12',
  })
}, BUILD_MS)

afterAll(async () => {
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

async function rounds(round: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; n < ROUNDS; n += 1) await round(n)
}

test(`a stream survives ${ROUNDS} rounds of a connection cut at delta 60 of 200`, () => rounds(() => cut(apps, model)))

test(`a dead run is found within 15 s in ${ROUNDS} rounds of kill -9 at ten random points of a turn with a tool`, async () => {
  model.otherwise(addThenTalk)
  await rounds(async (n) => crash(await apps.start(), n % 2 ? apps.one : apps.two, { turns: 10, foundMs: FOUND_MS }))
})

test(`50 open streams are drained in ${ROUNDS} rounds of SIGTERM`, () =>
  rounds(async (n) => drain(await apps.start(), apps.two, model, { hurry: n % 2 === 1 })))

test('two replicas serve 300 runs at once, each read halfway on one and to its end on the other', () =>
  crowd(apps, model, 300, 100))
