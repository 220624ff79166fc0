import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { expectAccessible, shoot, signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'

// Usage and limits as an admin and a person see them, in a production build and a real Chromium.

let app: AppServer
let browser: Browser
let model: OpenAIServer

beforeAll(async () => {
  model = await openAIServer()
  model.otherwise(() => ({ text: 'Hello, Ann.', usage: { input: 1_200, output: 340 } }))
  const env = {
    OPENAI_BASE_URL: model.url,
    OPENAI_API: 'responses',
    OPENAI_MODEL: 'scripted',
    THREAD_TITLES: 'first_words',
  }
  ;[app, browser] = await Promise.all([startApp({ env }), openBrowser()])
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await model?.[Symbol.asyncDispose]()
})

const inspect = (page: Page, name: string) => shoot(page, name, (view) => expectAccessible(page, view))

/** Earlier requests of the first account, so that charts and tables have something to show. */
async function addEarlierRequests(): Promise<void> {
  const client = new pg.Client({ connectionString: app.databaseUrl })
  await client.connect()
  await client.query("SELECT set_config('app.system', 'test', false)")
  await client.query(`
    INSERT INTO model_requests (id, owner_id, purpose, provider, model, assistant, input_tokens, cached_tokens, output_tokens, reasoning_tokens,
      cost_micros, is_estimated, outcome, created_at, settled_at)
    SELECT 'req_' || day || kind, (SELECT id FROM users LIMIT 1), kind::"RequestPurpose", 'OpenAI', model, assistant,
      1000 * (day % 5 + 1), 400, 90 * (day % 7 + 1), 40, cost * (day % 6 + 1), day % 9 = 0, 'done', now() - day * interval '1 day', now()
    FROM generate_series(1, 25) AS day, (VALUES ('answer', 'gpt-6.2-sol', 'Travel', 21000), ('title', 'gpt-6-luna', NULL, 120)) AS one (kind, model, assistant, cost)`)
  await client.end()
}

const say = async (page: Page, text: string) => {
  await page.goto(`${app.url}/chat`)
  const box = page.getByRole('textbox').first()
  await box.fill(text)
  await box.press('Enter')
}

test('an admin sees the use, downloads it, sets a limit, and is warned and refused by it', {
  timeout: 240_000,
}, async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  onTestFailed(() => page.screenshot({ path: 'artifacts/failed-usage-pages.png', fullPage: true }).then(() => {}))
  await page.goto(app.url)
  await signUp(page)
  await page.goto(`${app.url}/settings/usage`)
  await page.getByText('Nothing was used in this period').waitFor()
  await inspect(page, 'usage-empty')

  await addEarlierRequests()
  await say(page, 'hello')
  await page.getByText('Hello, Ann.').first().waitFor()
  await page.goto(`${app.url}/admin/usage`)
  await page.getByRole('cell', { name: 'gpt-6.2-sol' }).first().waitFor()
  await inspect(page, 'usage-admin')
  await page.getByRole('link', { name: '7 days' }).click()
  await page.waitForURL(/period=7d/)
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()])
  const lines = readFileSync(await file.path(), 'utf8')
    .trimEnd()
    .split('\r\n')
  expect(lines.length).toBe(1 + 6 * 2 + 1)
  expect(lines.at(-1)).toContain(',scripted,')

  await page.getByRole('link', { name: 'Limits' }).click()
  await page.getByText('No limits yet').waitFor()
  await page.getByLabel('Amount').fill('many')
  await page.getByLabel('Period').selectOption('day')
  await page.getByRole('button', { name: 'Add limit' }).click()
  await page.getByText('Amount: a whole number of tokens').waitFor()
  expect(await page.getByLabel('Amount').inputValue(), 'nothing that was written is lost').toBe('many')
  expect(await page.getByLabel('Period').inputValue()).toBe('day')
  await page.getByLabel('Amount').fill('3000')
  await page.getByLabel('Warn at').fill('50')
  await page.getByRole('button', { name: 'Add limit' }).click()
  await page.getByText('3,000 tokens a day').waitFor()
  await inspect(page, 'usage-limits')

  await say(page, 'hello again')
  await page.getByText(/51 % of your limit for today is used/).waitFor()
  await page.getByText('Hello, Ann.').first().waitFor()
  await inspect(page, 'usage-warned')
  await say(page, 'and again')
  await page.getByText(/Your limit for today \(3,000 tokens\) is used up/).waitFor()
  await inspect(page, 'usage-refused')
  expect(model.requests.length).toBe(2)

  await page.goto(`${app.url}/settings/usage`)
  await page.getByText('Used up', { exact: true }).waitFor()
  await page.getByText(/3,080 of 3,000 tokens \(100 %\)/).waitFor()
  await inspect(page, 'usage-own')

  await page.goto(`${app.url}/admin/runs`)
  await page.getByRole('link', { name: 'Ann Archer' }).nth(1).click()
  await page.getByRole('heading', { name: 'Requests to models' }).waitFor()
  await inspect(page, 'usage-run')
})
