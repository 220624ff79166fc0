import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// Two tabs of one person in a production build, with a slow model.

let model: OpenAIServer
let app: AppServer
let browser: Browser

beforeAll(async () => {
  model = await openAIServer()
  const env = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'a key', OPENAI_MODEL: 'a-model' }
  ;[app, browser] = await Promise.all([startApp({ env }), openBrowser()])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await model?.[Symbol.asyncDispose]()
})

const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' })
const stop = (page: Page) => page.getByRole('button', { name: 'Stop answering' })
const message = (page: Page, text: string) => page.locator('.message', { hasText: text })

async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text)
  await composer(page).press('Enter')
}

test('a second tab shows, stops and continues what the first one began', async () => {
  const context = await browser.newContext()
  const first = await context.newPage()
  await first.goto(app.url)
  await signUp(first)
  await composer(first).waitFor()

  model.script({ text: ['The moon ', 'is made ', 'of cheese.'], pause: { after: 4, until: new Promise(() => {}) } })
  await say(first, 'Tell me of the moon')
  await message(first, 'The moon').waitFor()
  await first.waitForURL(/\/chat\/thr_/)
  const second = await context.newPage()
  await second.goto(first.url())
  await message(second, 'The moon').waitFor()

  // This tab was already open and cannot attach. It does not know of the answer until its message
  // is refused.
  let knows = false
  await second.route('**/api/chatkit', async (route) => {
    const { type } = route.request().postDataJSON()
    if (type === 'threads.attach' && !knows) return route.fulfill({ status: 503, json: { message: 'Away.' } })
    knows ||= type === 'threads.add_user_message'
    return route.continue()
  })
  await Promise.all([second.waitForResponse((response) => response.status() === 503), second.reload()])
  await say(second, 'And of the sun')
  await second.getByRole('alert').getByText('still answering').waitFor()
  await message(second, 'The moon').waitFor()
  expect(await composer(second).inputValue()).toBe('And of the sun')

  await stop(second).click()
  await expect.poll(() => stop(first).count(), { timeout: 20_000 }).toBe(0)
  await expect.poll(() => stop(second).count()).toBe(0)
  model.script({ text: 'The sun is hot.' })
  await composer(second).press('Enter')
  await message(second, 'The sun is hot.').waitFor()
  // The first tab hears of it from the second; nobody touches it.
  await message(first, 'The sun is hot.').waitFor()
  expect(await first.locator('.bubble').allTextContents()).toEqual(['Tell me of the moon', 'And of the sun'])
  await context.close()
})
