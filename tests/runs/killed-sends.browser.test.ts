import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { killPageSend, killSends } from '#tests/support/processes/killed-sends.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'

// A small sample of sends that meet a kill -9 in their first 20 to 220 ms. `npm run soak` does 500.

vi.setConfig({ testTimeout: 600_000 })

const SENDS = 10

let model: OpenAIServer
let apps: Replicas
let browser: Browser

beforeAll(async () => {
  model = await openAIServer()
  model.otherwise(() => ({ text: ['Here', ' you', ' are', ' at', ' last.'], pace: 60 }))
  ;[apps, browser] = await Promise.all([
    startReplicas({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', THREAD_TITLES: 'first_words' }),
    openBrowser(),
  ])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

test('with two replicas, the other one answers every message exactly once', async () => {
  expect(await killSends(apps, await apps.start(), async () => apps.two, SENDS)).toMatchObject({ sends: SENDS })
})

test('with one replica, the process that replaces it answers every message exactly once', async () => {
  expect(await killSends(apps, await apps.start(), () => apps.start(), SENDS)).toMatchObject({ sends: SENDS })
})

test('the page resends its message after a crash, for a first message and for a later one', async () => {
  await killPageSend(apps, browser, await apps.start(), async () => apps.two, true)
  await killPageSend(apps, browser, await apps.start(), async () => apps.two, false)
})
