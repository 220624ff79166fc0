import { mkdirSync } from 'node:fs'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { answerFromInput, isSummaryRequest } from '#tests/support/models/remembering-model.ts'
import { startApp } from '#tests/support/processes/app-server.ts'

// What a person sees of memory and of long conversations, in a production build and a real Chromium.

let app: Awaited<ReturnType<typeof startApp>>
let browser: Browser
let model: OpenAIServer

beforeAll(async () => {
  mkdirSync('artifacts', { recursive: true })
  model = await openAIServer()
  model.otherwise((request) => {
    const asked = JSON.stringify(request.body)
    if (isSummaryRequest(request) || !asked.includes('Remember that I fly economy')) return answerFromInput(request)
    return asked.includes('function_call_output') || asked.includes('Another thing')
      ? answerFromInput(request)
      : { calls: [{ name: 'remember', arguments: { fact: 'Ann flies economy.' } }] }
  })
  const env = { OPENAI_BASE_URL: model.url, OPENAI_CONTEXT_TOKENS: '8000', THREAD_TITLES: 'first_words' }
  ;[app, browser] = await Promise.all([startApp({ env }), openBrowser()])
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await model?.[Symbol.asyncDispose]()
})

/** Takes screenshots in both sizes and colour schemes; expects no sideways scrolling and no barrier. */
async function inspect(page: Page, name: string): Promise<void> {
  for (const [width, scheme] of [
    [1280, 'light'],
    [390, 'light'],
    [1280, 'dark'],
    [390, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 860 })
    await page.emulateMedia({ colorScheme: scheme })
    await page.screenshot({ path: `artifacts/${name}-${width}-${scheme}.png`, fullPage: true })
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(beyond, `${name} is not wider than ${width}`).toBeLessThanOrEqual(0)
  }
  await page.setViewportSize({ width: 1280, height: 860 })
  await page.emulateMedia({ colorScheme: 'light' })
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    type Violation = { id: string; impact: string }
    const { axe } = window as never as { axe: { run: (options: object) => Promise<{ violations: Violation[] }> } }
    return (await axe.run({ resultTypes: ['violations'] })).violations.map(({ id, impact }) => `${impact} ${id}`)
  })
  expect(
    found.filter((line) => /^(serious|critical)/.test(line)),
    name,
  ).toEqual([])
}

const box = (page: Page) => page.getByRole('textbox', { name: 'Message' })

async function say(page: Page, text: string): Promise<void> {
  await box(page).fill(text)
  await box(page).press('Enter')
}

test('a person agrees to a fact, changes and deletes it, switches memory off, and sees what is summarised', {
  timeout: 180_000,
}, async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage()
  page.setDefaultTimeout(30_000)
  onTestFailed(() => page.screenshot({ path: 'artifacts/failed-memory.png', fullPage: true }).then(() => {}))
  const troubles: string[] = []
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
  await page.goto(app.url)
  await page.getByLabel('Name', { exact: true }).fill('Ann Archer')
  await page.getByLabel('E-mail').fill('ann@example.com')
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery')
  await page.getByRole('button', { name: /^Create/ }).click()
  await page.waitForURL(/\/chat/)

  await say(page, 'Remember that I fly economy.')
  await page.getByText('Remember this?').waitFor()
  await page.getByRole('button', { name: 'Remember', exact: true }).waitFor()
  await inspect(page, 'memory-card')
  await page.getByRole('button', { name: 'Remember', exact: true }).click()
  await page.getByText('Remembered.').waitFor()

  await page.goto(`${app.url}/settings`)
  await page.getByRole('link', { name: 'See and change it' }).click()
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
  await page.getByText('It is 4711.').waitFor()
  expect(troubles).toEqual([])
})
