import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, makeFirstAccount } from '#scripts/local/first-visit.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { plantedSecrets } from '#tests/support/planted-secrets.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// What a started server prints, while a model's server answers with every planted secret in its failures.

const PLANTED = plantedSecrets()
const SETTINGS = {
  APP_SECRET: 'the secret of this server, long enough for it',
  METRICS_TOKEN: 'the token of the metrics',
  OPENAI_API_KEY: 'the key of the model',
}
const LIMITS = { RUNS_PER_MINUTE: '10000', RUNS_AT_ONCE: '100', CHAT_REQUESTS_PER_MINUTE: '100000' }

let model: OpenAIServer
let app: AppServer
beforeAll(async () => {
  model = await openAIServer()
  const env = { OPENAI_BASE_URL: model.url, THREAD_TITLES: 'first_words', LOG_LEVEL: 'trace', ...SETTINGS, ...LIMITS }
  app = await startApp({ env })
}, BUILD_MS)
afterAll(async () => {
  await app?.stop()
  await model?.[Symbol.asyncDispose]()
})

test('no secret of a failure or of the settings is printed', { timeout: 180_000 }, async () => {
  const visitor = await makeFirstAccount(app.url, app.logs)
  const messages = PLANTED.map(({ planted }, n) => {
    const text = typeof planted === 'string' ? planted : JSON.stringify(planted)
    return `Failure ${n}: ${text}`
  })
  const queue = [...messages]
  model.otherwise(() => ({ fault: { kind: 'status', status: 400, message: queue.shift() ?? '' } }))
  const worker = async () => {
    while (queue.length > 0) await ask(visitor, 'Hello').catch(() => {})
  }
  await Promise.all(Array.from({ length: 6 }, worker))
  const lines = () => app.logs().split('\n')
  const logged = () => messages.filter((_, n) => lines().some((line) => line.includes(`Failure ${n}:`))).length
  // Each failure is in the log, so that the following means something.
  await expect.poll(logged).toBe(messages.length)
  const printed = app.logs()
  const written = (secret: string) => JSON.stringify(secret).slice(1, -1)
  const found = PLANTED.filter(
    ({ secret }) => printed.includes(written(secret)) || printed.includes(written(written(secret))),
  )
  expect(found.map(({ name }) => name)).toEqual([])
  for (const [name, value] of Object.entries(SETTINGS)) expect(printed.includes(value), name).toBe(false)
})
