import { globSync, mkdirSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { registeredClient } from '#tests/support/people/oauth-client.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { faultServer } from '#tests/support/tool-servers/fault-server.ts'

// Every page of a production build, with content, on a hard load. The browser must report nothing
// that the page's own Content-Security-Policy refuses.

let app: AppServer
let browser: Browser
/** An admin's browser, and one of a visitor who is not signed in. */
let page: Page
let stranger: Page
const complaints: string[] = []

/** What the setup created, as the addresses that show it. */
const made = { thread: '', server: '', consent: '' }

/**
 * The addresses that show each page. A new page needs a line. The functions are called once the
 * content exists.
 */
const PAGES: Record<string, () => string[] | Promise<string[]>> = {
  'app/page.tsx': () => ['/'],
  'app/sign-in/page.tsx': () => ['/sign-in', '/sign-in?error=CredentialsSignin&callbackUrl=/settings'],
  'app/sign-in/link/page.tsx': () => ['/sign-in/link', '/sign-in/link#token=abc'],
  'app/sign-up/page.tsx': () => ['/sign-up'],
  'app/set-up/page.tsx': () => ['/set-up'],
  'app/forgot-password/page.tsx': () => ['/forgot-password'],
  'app/reset-password/page.tsx': () => ['/reset-password', '/reset-password#token=abc'],
  'app/verify-email/page.tsx': () => ['/verify-email', '/verify-email#token=abc'],
  'app/chat/[[...thread]]/page.tsx': () => ['/chat', made.thread, '/chat/thr_of_nobody'],
  'app/print/[thread]/page.tsx': () => [made.thread.replace('/chat/', '/print/'), '/print/thr_of_nobody'],
  'app/shared/[id]/page.tsx': () => ['/shared/shr_of_nobody'],
  'app/settings/conversations/page.tsx': () => ['/settings/conversations'],
  'app/earlier-content/page.tsx': () => ['/earlier-content'],
  'app/activity/page.tsx': () => ['/activity', '/activity?status=failed'],
  'app/activity/[id]/page.tsx': () => linksOn('/activity'),
  'app/settings/page.tsx': () => ['/settings', '/settings?tokens_after=x'],
  'app/settings/access/page.tsx': () => ['/settings/access'],
  'app/settings/data/page.tsx': () => ['/settings/data'],
  'app/settings/profile/page.tsx': () => ['/settings/profile'],
  'app/settings/security/page.tsx': () => ['/settings/security'],
  'app/settings/connections/page.tsx': () => ['/settings/connections'],
  'app/settings/memory/page.tsx': () => ['/settings/memory'],
  'app/settings/usage/page.tsx': () => ['/settings/usage'],
  'app/admin/page.tsx': () => ['/admin'],
  'app/admin/assistants/page.tsx': () => ['/admin/assistants'],
  'app/admin/assistants/new/page.tsx': () => ['/admin/assistants/new'],
  'app/admin/assistants/organisation/page.tsx': () => ['/admin/assistants/organisation'],
  'app/admin/assistants/[slug]/page.tsx': () => ['/admin/assistants/switchboard'],
  'app/admin/assistants/[slug]/edit/page.tsx': () => ['/admin/assistants/switchboard/edit'],
  'app/admin/assistants/[slug]/versions/[number]/page.tsx': () => ['/admin/assistants/nobody/versions/1'],
  'app/admin/audit/page.tsx': () => ['/admin/audit'],
  'app/admin/people/page.tsx': () => ['/admin/people', '/admin/people?q=nobody'],
  'app/admin/models/page.tsx': () => ['/admin/models'],
  'app/admin/models/[id]/page.tsx': () => ['/admin/models/mdl_of_nobody'],
  'app/admin/models/new/page.tsx': () => ['/admin/models/new'],
  'app/admin/models/providers/new/page.tsx': () => ['/admin/models/providers/new'],
  'app/admin/models/providers/[id]/page.tsx': () => ['/admin/models/providers/prv_of_nobody'],
  'app/admin/usage/page.tsx': () => ['/admin/usage'],
  'app/admin/usage/limits/page.tsx': () => ['/admin/usage/limits'],
  'app/admin/policies/page.tsx': () => ['/admin/policies'],
  'app/admin/runs/page.tsx': () => ['/admin/runs'],
  'app/admin/runs/[id]/page.tsx': () => linksOn('/admin/runs'),
  'app/admin/servers/page.tsx': () => ['/admin/servers'],
  'app/admin/servers/new/page.tsx': () => ['/admin/servers/new'],
  'app/admin/servers/[id]/page.tsx': () => [made.server],
  'app/admin/servers/[id]/edit/page.tsx': () => [`${made.server}/edit`],
  'app/admin/tool-calls/page.tsx': () => ['/admin/tool-calls', '/admin/tool-calls?status=failed&period=day'],
  'app/admin/tool-calls/[id]/page.tsx': () => linksOn('/admin/tool-calls'),
  'app/oauth/consent/[id]/page.tsx': () => [made.consent],
  'app/oauth/consent/problem/page.tsx': () => ['/oauth/consent/problem', '/no-such-page', '/admin/no-such-page'],
}

beforeAll(async () => {
  await using server = await faultServer([{ name: 'search', description: 'Searches the wiki.', run: () => 'found' }])
  ;[app, browser] = await Promise.all([startApp({ env: { MCP_ALLOW_PRIVATE: 'on', SIGN_UP: 'open' } }), openBrowser()])
  ;[page, stranger] = [await watchedPage(), await watchedPage()]
  await page.goto(app.url)
  await signUp(page)
  const composer = page.getByRole('textbox', { name: 'Message' })
  for (const text of [
    'add a task: buy milk tomorrow',
    'note: the door code is 4711',
    'what is open?',
    '/delete_task number=1',
  ]) {
    await composer.fill(text)
    await composer.press('Enter')
    await page.locator('.bubble', { hasText: text }).waitFor()
    await page.getByRole('button', { name: 'Stop answering' }).waitFor({ state: 'detached' })
    await page.locator('.turn').last().locator('.answer > *').first().waitFor()
  }
  made.thread = new URL(page.url()).pathname
  await page.goto(`${app.url}/admin/servers/new`)
  await page.getByLabel('Name', { exact: true }).fill('wiki')
  await page.getByLabel('Address').fill(server.url)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.waitForURL(/\/admin\/servers\/srv_/)
  made.server = new URL(page.url()).pathname
  await page.getByRole('button', { name: 'Test the connection' }).click()
  await page
    .getByRole('button', { name: /search/ })
    .first()
    .waitFor()
  const client = await registeredClient(app.url, {
    client_name: 'My editor',
    redirect_uris: ['http://127.0.0.1:9/callback'],
  })
  await page.goto(client.authorizeUrl({ redirect_uri: 'http://127.0.0.1:9/callback', scope: undefined }))
  await page.waitForURL(/\/oauth\/consent\//)
  made.consent = new URL(page.url()).pathname
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

/** A page in its own browser context. Its complaints are recorded. */
async function watchedPage(): Promise<Page> {
  const watched = await (await browser.newContext()).newPage()
  const complain = (what: string) => void complaints.push(`${watched.url()}: ${what}`)
  // Policy violations that the browser does not print in its console.
  await watched.exposeFunction('complain', complain)
  await watched.addInitScript(() => {
    const { complain: tell } = window as never as { complain: (what: string) => void }
    addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile }) =>
      tell(`${effectiveDirective} refuses ${blockedURI} of ${sourceFile}`),
    )
  })
  watched.on('pageerror', (error) => complain(error.message))
  watched.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) complain(message.text())
  })
  return watched
}

/** The first addresses below the page's own that it links to. */
async function linksOn(address: string): Promise<string[]> {
  await page.goto(`${app.url}${address}`)
  const links = page.locator(`main a[href^="${address}/"]`)
  await links.first().waitFor()
  const hrefs = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
  return [...new Set(hrefs)].slice(0, 4)
}

test('every page is listed', () => {
  expect(Object.keys(PAGES).sort()).toEqual(globSync('app/**/page.tsx').sort())
})

test.each(Object.entries(PAGES))('%s loads nothing that its own policy refuses', async (_, addresses) => {
  const shown = await addresses()
  const visit = async (visitor: Page) => {
    for (const address of shown) {
      await visitor.goto(`${app.url}${address}`)
      // Content that streams in after the frame, and what scripts do then, belongs to the page too.
      await visitor.locator('main, form, h1').first().waitFor()
      await visitor.waitForTimeout(250)
      // The server must not write a style attribute that the browser then refuses.
      const html = await (await visitor.request.get(`${app.url}${address}`)).text()
      expect(html.match(/<[^>]+ style="[^"]*"/g) ?? [], address).toEqual([])
    }
  }
  await Promise.all([visit(page), visit(stranger)])
  expect(complaints.splice(0)).toEqual([])
})

test('the chart of where a call’s time went is drawn on a hard load', async () => {
  const [call = ''] = await linksOn('/admin/tool-calls')
  await page.goto(`${app.url}${call}`)
  const bars = page.locator('figure', { hasText: 'Where the time went' }).locator('svg rect')
  await bars.first().waitFor()
  const widths = await bars.evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width))
  expect(widths.length).toBeGreaterThan(1)
  expect(Math.max(...widths)).toBeGreaterThan(50)
  mkdirSync('artifacts', { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 })
      await page.screenshot({ path: `artifacts/call-times-${colorScheme}-${width}.png`, fullPage: true })
    }
  }
  expect(complaints.splice(0)).toEqual([])
})
