import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { field, inspect, openPage, press, signIn } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { openSmtpSink } from '#tests/support/people/smtp-sink.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// The account pages in a production build whose server others can reach, so with a set-up code and
// with mail.

const OLD = 'correct horse battery'
const NEW = 'staple of another kind'
const EMAIL = 'ann@example.com'

const sink = await openSmtpSink()
let app: AppServer
let browser: Browser

beforeAll(async () => {
  const mail = { SMTP_URL: sink.url, MAIL_FROM: 'switchboard@example.com' }
  ;[app, browser] = await Promise.all([
    startApp({ env: { HOSTNAME: '0.0.0.0', SIGN_UP: 'open', ...mail } }),
    openBrowser(),
  ])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await sink.close()
})

const open = (path: string, troubles: string[] = []) => openPage(browser, app.url + path, troubles)
const arrive = (page: Page, path: string) => page.waitForURL(({ pathname }) => pathname === path)
const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('name'))

test('the first visit asks for the set-up code from the log, shows errors beside the fields, and ends in the chat', async () => {
  const troubles: string[] = []
  const page = await open('/', troubles)
  await arrive(page, '/set-up')
  await press(page, 'Create the admin account')
  expect(await focused(page)).toBe('setup_code')
  await expect.poll(() => page.getByRole('alert').allTextContents()).toContain('Enter your name.')
  await inspect(page, 'account-set-up')

  await field(page, 'Set-up code').fill('2222-2222-2222-2222')
  await field(page, 'Name').fill('Ann Example')
  await field(page, 'E-mail').fill(EMAIL)
  await field(page, 'Password').fill(OLD)
  await press(page, 'Create the admin account')
  await page.getByText('The set-up code is wrong.').waitFor()
  expect(await focused(page)).toBe('setup_code')

  const code = /set-up code ([0-9A-Z-]{19})/.exec(app.logs())?.[1] ?? ''
  await field(page, 'Set-up code').fill(code.toLowerCase())
  await press(page, 'Create the admin account')
  await arrive(page, '/chat')
  expect(troubles).toEqual([])
}, 60_000)

test('settings show a token once and revoke it, change the password, and keep this browser signed in', async () => {
  const troubles: string[] = []
  const page = await open('/sign-in?callbackUrl=/settings', troubles)
  await signIn(page, EMAIL, 'a wrong password')
  await page.getByText('The address or the password is wrong.').waitFor()
  await inspect(page, 'account-sign-in')
  await signIn(page, EMAIL, OLD)
  await arrive(page, '/settings/profile')
  await inspect(page, 'account-settings')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Apps and tokens' }).click()
  await arrive(page, '/settings/access')

  await press(page, 'New token')
  await page.getByPlaceholder('My laptop').fill('My laptop')
  await press(page, 'Make token')
  const shown = await page.getByText(/^swb_[\w-]{43}$/).textContent()
  const me = await fetch(`${app.url}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${shown}`, 'content-type': 'application/json' },
    body: '{}',
  })
  expect(me.status).not.toBe(401)
  await inspect(page, 'account-settings-token')
  await page.reload()
  expect(await page.getByText(/^swb_/).count()).toBe(0)
  await press(page, 'Revoke')
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('No tokens').waitFor()

  await page.goto(`${app.url}/settings/security`)
  await page.getByText('This browser').waitFor()
  await inspect(page, 'account-security')
  await field(page, 'Current password').fill(OLD)
  await field(page, 'New password').fill(NEW)
  await press(page, 'Change password')
  await page.getByText('Your password is changed').waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Security' }).waitFor()
  expect(troubles).toEqual([])
}, 60_000)

test('a remembered fact leaves its field empty, and is changed in a dialog that closes', async () => {
  const page = await open('/sign-in?callbackUrl=/settings/memory')
  await signIn(page, EMAIL, NEW)
  await arrive(page, '/settings/memory')
  await field(page, 'Fact').fill('I fly economy.')
  await press(page, 'Remember')
  await page.getByRole('listitem').getByText('I fly economy.').waitFor()
  await expect.poll(() => field(page, 'Fact').inputValue()).toBe('')
  await press(page, 'Edit')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill('I fly business.')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('listitem').getByText('I fly business.').waitFor()
  await expect.poll(() => dialog.count()).toBe(0)
  // Content of before the address is proven would lead the next test to another page.
  await press(page, 'Delete')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect.poll(() => page.getByRole('listitem').getByText('I fly business.').count()).toBe(0)
}, 60_000)

test('a forgotten password is reset through the mailed link, and the person is signed in', async () => {
  const page = await open('/forgot-password')
  await inspect(page, 'account-forgot-password')
  await field(page, 'E-mail').fill(EMAIL)
  await press(page, 'Mail me a link')
  await page.getByText('Check your mail').waitFor()
  const link = /http:\S+#\S+/.exec((await sink.nextMail(EMAIL)).text)?.[0] ?? ''
  await page.goto(link)
  await field(page, 'New password').fill(OLD)
  await inspect(page, 'account-reset-password')
  await press(page, 'Set password and sign in')
  await arrive(page, '/chat')
  expect(app.logs()).not.toContain(link.slice(link.indexOf('#') + 1))
}, 60_000)

test('a session that ends while a person is writing leads through sign-in back to the text', async () => {
  const page = await open('/sign-in')
  await signIn(page, EMAIL, OLD)
  await arrive(page, '/chat')
  await page.context().clearCookies({ name: 'switchboard-session' })
  const message = page.getByRole('textbox', { name: 'Message' })
  await message.fill('Add a task: water the plants')
  await message.press('Enter')
  await page.getByText('You are signed out').waitFor()
  expect(await message.inputValue()).toBe('Add a task: water the plants')
  await page.getByRole('link', { name: 'Sign in' }).click()
  await arrive(page, '/sign-in')
  await signIn(page, EMAIL, OLD)
  await arrive(page, '/chat')
  await expect.poll(() => message.inputValue()).toBe('Add a task: water the plants')
  await page.reload()
  await expect
    .poll(() => message.inputValue(), { message: 'a draft survives a reload' })
    .toBe('Add a task: water the plants')
  await message.press('Enter')
  await page.locator('.bubble', { hasText: 'water the plants' }).waitFor()
  await page.getByRole('button', { name: 'Send message' }).waitFor()
  await page.reload()
  await page.locator('.bubble', { hasText: 'water the plants' }).waitFor()
  expect(await message.inputValue(), 'it is handed over once').toBe('')
}, 60_000)

test('a mailed link signs in only when its button is pressed, not when it is opened', async () => {
  const page = await open('/sign-in')
  await press(page, 'Sign in by mail')
  await field(page, 'E-mail').fill(EMAIL)
  await press(page, 'Mail me a link')
  const link = /http:\S+#\S+/.exec((await sink.nextMail(EMAIL)).text)?.[0] ?? ''
  await (await open('/')).goto(link)
  await page.goto(link)
  await inspect(page, 'account-mail-link')
  await press(page, 'Sign in')
  await arrive(page, '/chat')
}, 60_000)

test('sign-out ends the session, and the password deletes the account', async () => {
  const page = await open('/sign-in')
  await signIn(page, EMAIL, OLD)
  await arrive(page, '/chat')
  await page.goto(`${app.url}/settings`)
  await page.getByRole('button', { name: /your menu/i }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await arrive(page, '/sign-in')
  await page.goto(`${app.url}/settings`)
  await arrive(page, '/sign-in')

  await signIn(page, EMAIL, OLD)
  await arrive(page, '/settings/profile')
  await page.goto(`${app.url}/settings/data`)
  await inspect(page, 'account-data')
  await press(page, 'Delete my account')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Password' }).fill('a wrong password')
  await dialog.getByRole('button', { name: 'Delete for good' }).click()
  await dialog.getByText('The password is wrong.').waitFor()
  await inspect(page, 'account-delete')
  await dialog.getByRole('textbox', { name: 'Password' }).fill(OLD)
  await dialog.getByRole('button', { name: 'Delete for good' }).click()
  await arrive(page, '/set-up')
}, 60_000)
