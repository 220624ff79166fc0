import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// Addresses that do not exist, in a production build and a real Chromium.

let app: AppServer
let browser: Browser

beforeAll(async () => {
  ;[app, browser] = await Promise.all([startApp({ env: { SIGN_UP: 'open' } }), openBrowser()])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

async function arrive(path: string, name: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
  await page.goto(app.url + path)
  await signUp(page, { name, email: `${name.toLowerCase()}@example.com` })
  return page
}

test('a page that does not exist keeps the navigation, has a "Not found" title and answers 404', {
  timeout: 120_000,
}, async () => {
  const admin = await arrive('/', 'Ann')
  const member = await arrive('/sign-up', 'Bob')
  const seen: [Page, string][] = [
    [admin, '/no-such-page'],
    [admin, '/settings/no-such-page'],
    [admin, '/activity/call_nobody'],
    [admin, '/admin/no-such-page'],
    [admin, '/admin/runs/run_nobody'],
    [admin, '/admin/servers/srv_nobody'],
    [admin, '/admin/servers/srv_nobody/edit'],
    [admin, '/admin/tool-calls/call_nobody'],
    [member, '/admin'],
    [member, '/admin/people'],
    [member, '/activity/call_nobody'],
  ]
  for (const [page, path] of seen) {
    const answer = await page.goto(app.url + path)
    expect(answer?.status(), path).toBe(404)
    await page.getByText('There is nothing here').waitFor()
    await expect.poll(() => page.title(), { message: path }).toMatch(/^Not found( · Admin)? · Switchboard$/)
    const main = page.getByRole('navigation', { name: 'Main' })
    expect(await main.count(), path).toBe(1)
    expect(await main.getByRole('link', { name: 'Chat', exact: true }).isVisible(), path).toBe(true)
    expect(await page.locator('main').count(), path).toBe(1)
  }
  await admin.goto(`${app.url}/admin/runs/run_nobody`)
  expect(await admin.getByRole('navigation', { name: 'Admin' }).count(), 'the tabs of its part stay, too').toBe(1)
  const stranger = await (await browser.newContext()).newPage()
  expect((await stranger.goto(`${app.url}/no-such-page`))?.status()).toBe(404)
  expect(await stranger.title()).toBe('Not found · Switchboard')
  expect(await stranger.getByRole('navigation').count()).toBe(0)
})
