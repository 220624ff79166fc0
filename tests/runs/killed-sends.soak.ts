import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, test } from 'vitest'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { killPageSend, killSends, type Tally } from '#tests/support/processes/killed-sends.ts'
import { type Replicas, startReplicas } from '#tests/support/processes/replicas.ts'

// npm run soak: a kill -9 meets 500 sends in their first 20 to 220 ms. None is lost and none is
// stored twice. SOAK_SENDS sets the number.

const SENDS = Number(process.env.SOAK_SENDS) || 500
// With more sends at once the server is so busy that it acknowledges few before it is killed.
const AT_ONCE = 10
const PAGES = Math.ceil(SENDS / 25)

let model: OpenAIServer
let apps: Replicas
let browser: Browser

beforeAll(async () => {
  model = await openAIServer()
  model.otherwise(() => ({ text: ['Here', ' you', ' are', ' at', ' last.'], pace: 60 }))
  apps = await startReplicas({
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'test',
    THREAD_TITLES: 'first_words',
    LOG_LEVEL: 'warn',
  })
  browser = await openBrowser()
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await apps?.[Symbol.asyncDispose]()
  await model?.[Symbol.asyncDispose]()
})

test(`${SENDS} sends survive kill -9, with one replica and with two`, async () => {
  const all: Tally = { sends: 0, heard: 0, byThemselves: 0 }
  for (let round = 0; all.sends < SENDS; round += 1) {
    const next = round % 2 ? () => apps.start() : async () => apps.two
    const tally = await killSends(apps, await apps.start(), next, Math.min(AT_ONCE, SENDS - all.sends))
    for (const key of ['sends', 'heard', 'byThemselves'] as const) all[key] += tally[key]
  }
  process.stdout.write(`${JSON.stringify(all)}\n`)
})

test(`${PAGES} sends from the page in a browser survive kill -9`, async () => {
  for (let round = 0; round < PAGES; round += 1)
    await killPageSend(
      apps,
      browser,
      await apps.start(),
      round % 2 ? () => apps.start() : async () => apps.two,
      round % 3 > 0,
    )
})
