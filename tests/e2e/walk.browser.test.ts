import { mkdirSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// A first visitor's walk through a production build in a real Chromium, in a wide and a narrow
// window. Screenshots are kept in artifacts/ for people to look at.

const WIDE = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

let app: Awaited<ReturnType<typeof startApp>>
let browser: Browser

beforeAll(async () => {
  mkdirSync('artifacts', { recursive: true })
  ;[app, browser] = await Promise.all([startApp(), openBrowser()])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

/**
 * A context that records a request to another host, a page error or a policy violation in
 * `troubles`.
 */
async function visitor(
  viewport = WIDE,
  locale = 'en-GB',
): Promise<{ context: BrowserContext; page: Page; troubles: string[] }> {
  const context = await browser.newContext({ viewport, timezoneId: 'Europe/Vienna', locale })
  const page = await context.newPage()
  onTestFailed(() => page.screenshot({ path: `artifacts/failed-${viewport.width}.png` }).then(() => {}))
  const troubles: string[] = []
  page.on('request', (request) => {
    if (/^(https?|wss?):/.test(request.url()) && new URL(request.url()).origin !== new URL(app.url).origin)
      troubles.push(`foreign request: ${request.url()}`)
  })
  page.on('pageerror', (error) => troubles.push(`page error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (401|403|404|409|429)/.test(message.text()))
      troubles.push(`console: ${message.text()}`)
  })
  return { context, page, troubles }
}

async function shoot(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries({ 1280: WIDE, 390: PHONE })) {
    await page.setViewportSize(viewport)
    // An admin page keeps a stream of ledger changes open, so its network is never idle.
    if (page.url().includes('/admin'))
      await page
        .getByRole('status')
        .filter({ hasText: /^Loading/ })
        .first()
        .waitFor({ state: 'detached' })
    else await page.waitForLoadState('networkidle')
    await page.screenshot({ path: `artifacts/${name}-${size}.png` })
  }
  await page.setViewportSize(WIDE)
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: /message|say/i }).fill(text)
  await page.keyboard.press('Enter')
}

test('a visitor signs up, adds a task by chat and reloads; a second account sees none of it, and the admin sees the call', {
  timeout: 120_000,
}, async () => {
  const ann = await visitor()
  const { page } = ann
  await page.goto(app.url)
  await page.waitForURL(/\/set-up/)
  await shoot(page, 'set-up')
  await signUp(page, { name: 'Ann Archer', email: 'ann@example.com' })

  await page.getByText('What shall we get done, Ann?').waitFor()
  await shoot(page, 'chat-start')
  await say(page, 'add a task: fetch the parcel tomorrow')
  const chat = page.locator('openai-chatkit')
  await chat.getByRole('paragraph').filter({ hasText: 'Added: 1 Fetch the parcel' }).waitFor()
  await chat.getByText('Add a task', { exact: true }).first().waitFor()
  await shoot(page, 'chat-answer')

  await page.waitForURL(/\/chat\/thr_/)
  const address = page.url()
  await page.reload()
  await chat.getByRole('paragraph').filter({ hasText: 'Added: 1 Fetch the parcel' }).waitFor()
  expect(page.url()).toBe(address)

  const composer = page.getByRole('textbox', { name: 'Message' })
  await composer.pressSequentially('/add')
  await page.getByRole('option', { name: /^\/add_task/ }).waitFor()
  await shoot(page, 'chat-tools')
  await page.keyboard.press('Enter')
  await expect.poll(() => composer.inputValue()).toBe('/add_task title=')
  await page.keyboard.type('Stamps')
  await page.keyboard.press('Enter')
  await chat.getByRole('paragraph').filter({ hasText: 'add_task answered' }).waitFor()

  const bob = await visitor(WIDE, 'de-AT')
  await bob.page.goto(`${app.url}/sign-up`)
  await shoot(bob.page, 'sign-up')
  await signUp(bob.page, {
    ...{ name: 'Bob Baker', email: 'bob@example.com' },
    words: { email: 'E-Mail', password: 'Passwort', create: /^Konto anlegen/ },
  })
  await bob.page.getByRole('textbox', { name: 'Nachricht' }).waitFor()
  await bob.page.goto(address)
  await bob.page
    .getByText(/nicht gefunden/i)
    .first()
    .waitFor()
  expect(await bob.page.content()).not.toContain('fetch the parcel')
  expect((await bob.page.goto(`${app.url}/admin`))?.status()).toBe(404)
  await bob.context.close()

  await page.goto(`${app.url}/admin`)
  await shoot(page, 'admin-overview')
  await page.goto(`${app.url}/admin/tool-calls`)
  await page.getByRole('link', { name: 'add_task' }).first().waitFor()
  await shoot(page, 'admin-tool-calls')
  await page.getByRole('link', { name: 'add_task' }).last().click()
  await page.waitForURL(/\/admin\/tool-calls\/call_/)
  await page.getByText('fetch the parcel').first().waitFor()
  await page.getByText('Ann Archer').first().waitFor()
  await shoot(page, 'admin-tool-call')

  await page.goto(`${app.url}/settings`)
  await shoot(page, 'settings')
  await page.goto(`${app.url}/activity`)
  await shoot(page, 'activity')

  expect(ann.troubles).toEqual([])
  await ann.context.close()
})
