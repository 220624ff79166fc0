import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRun } from '#lib/data/runs/runs.ts'
import { CHATKIT_ORIGIN } from '#lib/platform/http/security-headers.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// Our page around OpenAI's own script, which does not know about runs. A stand-in drops streams in
// the same ways, and the page's fetch must tell a stop from a person who only left.

const STAND_IN = `customElements.define('openai-chatkit', class extends HTMLElement {
  setOptions(options) { this.options = options; this.dataset.is = 'ready' }
  async setThreadId() {}
  async fetchUpdates() {}
  async send(text) {
    this.giveUp = new AbortController()
    const input = { content: [{ type: 'input_text', text }], attachments: [], inference_options: {} }
    const body = JSON.stringify({ type: 'threads.create', params: { input }, metadata: {} })
    const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: this.giveUp.signal }
    const response = await this.options.api.fetch(this.options.api.url, request)
    void this.read(response.body.pipeThrough(new TextDecoderStream()).getReader()).catch(() => undefined)
    return response.headers.get('x-run-id')
  }
  async read(reader) {
    for (let text = '', next = await reader.read(); !next.done; next = await reader.read()) {
      text += next.value
      const [, created] = /"thread.created".*?"id":"(\\w+)"/.exec(text) ?? []
      if (created && this.threadId !== created) this.show(created)
      if (text.split('text_delta').length > 4) this.dataset.is = 'talking'
    }
  }
  show(threadId) {
    this.threadId = threadId
    this.dispatchEvent(new CustomEvent('chatkit.thread.change', { detail: { threadId } }))
  }
  newChat() { this.giveUp.abort(); this.show(null) }
  disconnectedCallback() { this.giveUp?.abort() }
})`

let model: OpenAIServer
let app: AppServer
let browser: Browser

beforeAll(async () => {
  model = await openAIServer()
  model.otherwise(() => ({ text: Array.from({ length: 50 }, (_, n) => `word${n} `), pace: 50 }))
  const env = {
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'test',
    THREAD_TITLES: 'first_words',
    CHATKIT_DOMAIN_KEY: 'domain_pk_test',
  }
  app = await startApp({ databaseUrl: process.env.DATABASE_DIRECT_URL, env })
  browser = await openBrowser()
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await model?.[Symbol.asyncDispose]()
})

const LEAVE: [string, string, (page: Page) => Promise<unknown>][] = [
  [
    'a press on Stop ends the answer',
    'stopped',
    (page) => page.evaluate('document.querySelector("openai-chatkit").giveUp.abort()'),
  ],
  [
    'another conversation leaves it going',
    'done',
    (page) => page.evaluate('document.querySelector("openai-chatkit").newChat()'),
  ],
  [
    'another page of the app leaves it going',
    'done',
    (page) => page.getByRole('link', { name: 'Settings' }).first().click(),
  ],
  ['another address leaves it going', 'done', (page) => page.goto('about:blank')],
  ['a closed tab leaves it going', 'done', (page) => page.close({ runBeforeUnload: true })],
]

test.each(LEAVE)('%s', { timeout: 60_000 }, async (_, end, leave) => {
  const person = await signedIn()
  const context = await browser.newContext()
  const [name = '', value = ''] = person.headers.cookie.split('=')
  await context.addCookies([{ name, value, url: app.url }])
  const page = await context.newPage()
  await page.route(`${CHATKIT_ORIGIN}/**`, (route) => route.fulfill({ contentType: 'text/javascript', body: STAND_IN }))
  await page.goto(`${app.url}/chat`)
  await page.locator('openai-chatkit[data-is=ready]').waitFor({ state: 'attached' })
  const runId = await page.evaluate<string>('document.querySelector("openai-chatkit").send("go")')
  await page.locator('openai-chatkit[data-is=talking]').waitFor({ state: 'attached' })
  await leave(page)
  const status = async () => (await findRun(person.caller, runId))?.status
  await expect.poll(status, { timeout: 30_000 }).not.toBe('running')
  expect(await status()).toBe(end)
  await context.close()
})
