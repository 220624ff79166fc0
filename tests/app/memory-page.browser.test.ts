import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { inspect, openPage, signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { answerFromInput, isSummaryRequest } from '#tests/support/models/remembering-model.ts'
import { startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// What a person sees of memory and of long conversations, in a production build and a real Chromium.

let app: Awaited<ReturnType<typeof startApp>>
let browser: Browser
let model: OpenAIServer

beforeAll(async () => {
  model = await openAIServer()
  model.otherwise((request) => {
    const asked = JSON.stringify(request.body)
    // Most of the window, as a server counts it that also reads the tools.
    if (asked.includes('We talk about nothing') && !isSummaryRequest(request) && !asked.includes('What is the door'))
      return { text: 'Noted.', usage: { input: 5_000, output: 10 } }
    if (isSummaryRequest(request) || !asked.includes('Remember that I fly economy')) return answerFromInput(request)
    return asked.includes('function_call_output') || asked.includes('Another thing')
      ? answerFromInput(request)
      : { calls: [{ name: 'remember', arguments: { fact: 'Ann flies economy.' } }] }
  })
  const env = { OPENAI_BASE_URL: model.url, OPENAI_CONTEXT_TOKENS: '8000', THREAD_TITLES: 'first_words' }
  ;[app, browser] = await Promise.all([startApp({ env }), openBrowser()])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await model?.[Symbol.asyncDispose]()
})

const box = (page: Page) => page.getByRole('textbox', { name: 'Message' })

async function say(page: Page, text: string): Promise<void> {
  await box(page).fill(text)
  await box(page).press('Enter')
}

test('a person agrees to a fact, changes and deletes it, switches memory off, and sees what is summarised', {
  timeout: 180_000,
}, async () => {
  const troubles: string[] = []
  const page = await openPage(browser, app.url, troubles)
  page.setDefaultTimeout(30_000)
  onTestFailed(() => page.screenshot({ path: 'artifacts/failed-memory.png', fullPage: true }).then(() => {}))
  await signUp(page)

  await say(page, 'Remember that I fly economy.')
  await page.getByText('Remember this?').waitFor()
  await page.getByRole('button', { name: 'Remember', exact: true }).waitFor()
  await inspect(page, 'memory-card')
  await page.getByRole('button', { name: 'Remember', exact: true }).click()
  await page.getByText('Remembered.').waitFor()

  await page.goto(`${app.url}/settings`)
  await page.getByRole('link', { name: 'Memory' }).click()
  await page.waitForURL(/\/settings\/memory/)
  await page.getByText('Ann flies economy.').waitFor()
  await page.getByLabel('Fact').fill('The team meets on Tuesdays.')
  await page.getByRole('button', { name: 'Remember', exact: true }).click()
  await page.getByText('The team meets on Tuesdays.').waitFor()
  await inspect(page, 'memory')
  const row = page.getByRole('listitem').filter({ hasText: 'Ann flies economy.' })
  await row.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('dialog').getByLabel('Fact').fill('Ann flies business.')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByText('Ann flies business.').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'Tuesdays' }).getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect.poll(() => page.getByText('Tuesdays').count()).toBe(0)
  await page.getByRole('button', { name: 'Switch off' }).click()
  await page.getByText('Memory is off').waitFor()
  expect(await page.getByLabel('Fact').count()).toBe(0)
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.getByText('Memory is on').waitFor()

  await page.goto(`${app.url}/chat`)
  await say(page, `Another thing: the door code. The door code is 4711. ${'We talk about nothing. '.repeat(420)}`)
  await page.getByRole('meter').waitFor()
  await inspect(page, 'context-gauge')
  await say(page, '/compact')
  await page.getByRole('button', { name: 'Earlier messages, summarised' }).click()
  await page.getByText('The door code is 4711.', { exact: true }).waitFor()
  await expect.poll(() => page.getByRole('meter').count()).toBe(0)
  await inspect(page, 'context-summary')
  await say(page, 'Another thing: What is the door code?')
  await page.getByRole('log').getByText('It is 4711.').waitFor()
  expect(troubles).toEqual([])
})
