import pg from 'pg'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// A page that fails on the server, in a production build and a real Chromium.

let app: AppServer
let browser: Browser

beforeAll(async () => {
  ;[app, browser] = await Promise.all([startApp({ env: { SIGN_UP: 'open' } }), openBrowser()])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

async function letConnect(allowed: boolean): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('adminUrl') })
  await admin.connect()
  try {
    const database = new URL(app.databaseUrl).pathname.slice(1)
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS ${allowed}`)
    if (!allowed)
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database])
  } finally {
    await admin.end()
  }
}

test('a page that fails says so with a reference that the log has, and comes by Try again', {
  timeout: 180_000,
}, async () => {
  const page = await (await browser.newContext({ viewport: { width: 390, height: 800 } })).newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(app.url)
  await signUp(page)

  await letConnect(false)
  try {
    const answer = await page.goto(`${app.url}/settings`)
    expect(answer?.status()).toBe(500)
    const alert = page.getByRole('alert').filter({ hasText: 'This page could not be loaded' })
    await alert.waitFor()
    expect(await page.locator('main').count()).toBe(1)
    const [, reference = 'none'] = /Reference (\S+)/.exec(await alert.innerText()) ?? []
    await expect.poll(() => app.logs()).toContain(`"digest":"${reference}"`)
    expect(await page.evaluate(() => document.documentElement.scrollWidth), 'nothing is wider than a telephone').toBe(
      390,
    )
    // It fails again, and stays.
    await page.getByRole('button', { name: 'Try again' }).click()
    await alert.waitFor()
  } finally {
    await letConnect(true)
  }
  await expect.poll(async () => (await fetch(`${app.url}/api/health/ready`)).status, { timeout: 60_000 }).toBe(200)
  await expect
    .poll(
      async () => {
        const again = page.getByRole('button', { name: 'Try again' })
        if (await again.isVisible()) await again.click({ timeout: 1_000 }).catch(() => {})
        return page.getByRole('heading', { name: 'Profile' }).first().isVisible()
      },
      { timeout: 60_000, interval: 1_000 },
    )
    .toBe(true)
})
