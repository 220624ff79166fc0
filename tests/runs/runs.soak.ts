import { afterAll, beforeAll, test } from 'vitest'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { addThenTalk, crash } from '#tests/support/processes/crash.ts'
import { crowd, cut, drain } from '#tests/support/processes/replica-rounds.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'

// npm run soak: the long rounds of what tests/replicas/replica-rounds.test.ts proves in five short ones. SOAK_ROUNDS says how many.

const ROUNDS = Number(process.env.SOAK_ROUNDS) || 50
/** The longest (ms) that a dead process's run may look alive. */
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
}, 300_000)

afterAll(async () => {
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

async function rounds(round: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; n < ROUNDS; n += 1) await round(n)
}

test(`${ROUNDS} rounds of a connection cut at delta 60 of 200`, () => rounds(() => cut(apps, model)))

test(`${ROUNDS} rounds of kill -9 at ten random points of a turn with a tool, found within 15 s`, async () => {
  model.otherwise(addThenTalk)
  await rounds(async (n) => crash(await apps.start(), n % 2 ? apps.one : apps.two, { turns: 10, foundMs: FOUND_MS }))
})

test(`${ROUNDS} rounds of SIGTERM with 50 open streams`, () =>
  rounds(async (n) => drain(await apps.start(), apps.two, model, { hurry: n % 2 === 1 })))

test('300 runs at once on two replicas, each read to its half on one and to its end on the other', () =>
  crowd(apps, model, 300, 100))
