import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { field, inspect, openPage, press, signIn } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OauthClient, registeredClient } from '#tests/support/people/oauth-client.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

// Authorizing an app as a person does it: a production build, Chromium, and an app that listens on
// a port of its own.

const EMAIL = 'ann@example.com'
const PASSWORD = 'correct horse battery'

const arrived: URL[] = []
const callback = await serve(async (request) => {
  const url = new URL(request.url)
  if (url.pathname === '/callback') arrived.push(url)
  return new Response('<p>You can close this page.</p>', { headers: { 'content-type': 'text/html' } })
})
const redirect_uri = `${callback.url}/callback`
let app: AppServer
let browser: Browser

beforeAll(async () => {
  ;[app, browser] = await Promise.all([startApp(), openBrowser()])
  const page = await open(`${app.url}/set-up`)
  await field(page, 'Name').fill('Ann Example')
  await field(page, 'E-mail').fill(EMAIL)
  await field(page, 'Password').fill(PASSWORD)
  await press(page, 'Create the admin account')
  await at(page, '/chat')
  await page.context().close()
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await callback.close()
})

const troubles: string[] = []
const open = (address: string) => openPage(browser, address, troubles)
const at = (page: Page, path: string | RegExp) =>
  page.waitForURL(({ pathname }) => (typeof path === 'string' ? pathname === path : path.test(pathname)))

async function tokenFor(client: OauthClient): Promise<string> {
  const answer = await client.exchange(arrived.at(-1)?.searchParams.get('code') ?? '', { redirect_uri })
  return ((await answer.json()) as { access_token: string }).access_token
}

const status = async (token: string) =>
  (await mcpCaller(`${app.url}/mcp`, token).post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).status

test('a visitor signs in, allows the app, sees it under Settings and removes it there', async () => {
  const client = await registeredClient(app.url, { client_name: 'My editor', redirect_uris: [redirect_uri] })
  const page = await open(client.authorizeUrl({ redirect_uri, scope: undefined }))
  await at(page, '/sign-in')
  await signIn(page, EMAIL, PASSWORD)
  await at(page, /^\/oauth\/consent\/[\w-]+$/)
  await page.getByRole('heading', { name: 'Allow My editor?' }).waitFor()
  await page.getByText('Add, change, complete and delete your tasks').waitFor()
  await page.getByText('A program on this computer').waitFor()
  await inspect(page, 'oauth-consent')
  const writing = page.getByRole('checkbox', { name: 'Write, change and delete your notes' })
  await writing.focus()
  await page.keyboard.press('Space')
  expect(await writing.isChecked()).toBe(false)

  await press(page, 'Allow')
  await page.getByText('You can close this page.').waitFor()
  expect(Object.fromEntries(arrived.at(-1)?.searchParams ?? [])).toEqual({
    code: expect.any(String),
    state: 'the-state',
    iss: app.url,
  })
  const token = await tokenFor(client)
  expect(await status(token)).toBe(200)
  const write = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'save_note', arguments: { title: 'x' } },
  }
  expect((await mcpCaller(`${app.url}/mcp`, token).post(write)).status, 'what was unticked').toBe(403)

  await page.goto(`${app.url}/settings/access`)
  await page.getByText('My editor').waitFor()
  await page.getByText('Connect an app').click()
  await inspect(page, 'oauth-settings')
  await press(page, 'Remove')
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No authorized apps').waitFor()
  expect(await status(token)).toBe(401)
  expect(troubles).toEqual([])
  expect(app.logs()).not.toContain(token)
}, 90_000)

test('the consent page forbids framing and foreign form actions, and an app that is denied is told', async () => {
  // A name of the maximum length, with nowhere to break it.
  const client = await registeredClient(app.url, { client_name: 'W'.repeat(100), redirect_uris: [redirect_uri] })
  const page = await open(`${app.url}/sign-in`)
  await signIn(page, EMAIL, PASSWORD)
  await at(page, '/chat')
  const answer = await page.goto(client.authorizeUrl({ redirect_uri }))
  const policy = answer?.headers()['content-security-policy'] ?? ''
  expect(policy).toMatch(/frame-ancestors 'none'/)
  expect(policy).toMatch(/form-action 'self'/)
  expect(policy).not.toMatch(/unsafe/)
  for (const box of await page.getByRole('checkbox').all()) await box.uncheck()
  await page.getByText('Choose at least one thing').waitFor()
  expect(await page.getByRole('button', { name: 'Allow', exact: true }).isDisabled()).toBe(true)
  await inspect(page, 'oauth-consent-nothing')
  await press(page, 'Deny')
  await page.getByText('You can close this page.').waitFor()
  expect(arrived.at(-1)?.searchParams.get('error')).toBe('access_denied')
  expect(troubles).toEqual([])
}, 60_000)

test('a request that cannot be authorized ends on a page that says why, without text from the URL', async () => {
  const client = await registeredClient(app.url, { redirect_uris: [redirect_uri] })
  const page = await open(client.authorizeUrl({ redirect_uri: 'https://evil.example/' }))
  await at(page, '/oauth/consent/problem')
  await page.getByText('did not register').waitFor()
  await inspect(page, 'oauth-problem')
  await page.goto(`${app.url}/oauth/consent/problem?code=<b>Call+0800</b>`)
  await page.getByText('The app could not be connected.').waitFor()
  await page.goto(`${app.url}/oauth/consent/unknown`)
  await page.getByText('has expired').waitFor()
  expect(troubles).toEqual([])
}, 60_000)

test('every OAuth endpoint of the build answers, with CORS headers for browser clients', async () => {
  for (const path of [
    'oauth-protected-resource',
    'oauth-protected-resource/mcp',
    'oauth-authorization-server',
    'openid-configuration',
  ]) {
    const answer = await fetch(`${app.url}/.well-known/${path}`, { headers: { origin: 'https://inspector.example' } })
    expect([path, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([path, 200, '*'])
  }
  expect((await (await fetch(`${app.url}/oauth/jwks`)).json()).keys).toHaveLength(1)
  expect((await fetch(`${app.url}/oauth/token`, { method: 'OPTIONS' })).status).toBe(204)
  expect((await fetch(`${app.url}/.well-known/unknown`)).status).toBe(404)
})
