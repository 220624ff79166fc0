import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PASSWORD, signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// Moving between conversations, and the drafts that are written in them, in a production build.

let app: AppServer
let browser: Browser
let context: BrowserContext
let page: Page
let people = 0

beforeAll(async () => {
  ;[app, browser] = await Promise.all([startApp({ env: { SIGN_UP: 'open' } }), openBrowser()])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

const composer = (on = page) => on.getByRole('textbox', { name: 'Message' })
const kept = (on = page) => on.evaluate(() => localStorage.getItem('switchboard-drafts'))

/** A new person with an account and a browser context of their own. */
async function arrive(settings: Parameters<Browser['newContext']>[0] = {}): Promise<string> {
  context = await browser.newContext(settings)
  page = await context.newPage()
  const email = `person${++people}@example.com`
  await page.goto(people === 1 ? app.url : `${app.url}/sign-up`)
  await signUp(page, { email })
  await composer().waitFor()
  return email
}

async function signIn(email: string): Promise<void> {
  await page.goto(`${app.url}/sign-in`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await composer().waitFor()
}

async function signOut(): Promise<void> {
  await page.getByRole('button', { name: /your menu/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL(/\/sign-in/)
}

/** Begins a conversation and resolves to its address. */
async function converse(text: string): Promise<string> {
  const newChat = page.locator('openai-chatkit').getByRole('button', { name: 'New conversation' })
  if (await page.locator('.bubble').count()) await newChat.click()
  await page.locator('.start').waitFor()
  await composer().fill(text)
  await composer().press('Enter')
  await page.locator('.bubble', { hasText: text }).waitFor()
  await page.waitForURL(/\/chat\/thr_/)
  await page.getByRole('button', { name: 'Send message' }).waitFor()
  return page.url()
}

const shows = (text: string) => page.locator('.bubble', { hasText: text }).waitFor()

async function leaveDraft(text: string, on = page): Promise<void> {
  await composer(on).fill(text)
  await expect.poll(() => kept(on)).toContain(text)
}

test('Back and Forward move between conversations, and each keeps its draft', {
  timeout: 90_000,
}, async () => {
  await arrive()
  const first = await converse('what is open?')
  await composer().fill('a draft of the first')
  const second = await converse('what can you do?')
  expect(await composer().inputValue()).toBe('')
  await composer().fill('a draft of the second')
  await page.goBack()
  await page.waitForURL(first)
  await shows('what is open?')
  await expect.poll(() => composer().inputValue()).toBe('a draft of the first')
  await page.goForward()
  await page.waitForURL(second)
  await shows('what can you do?')
  await expect.poll(() => composer().inputValue()).toBe('a draft of the second')

  await page.locator('openai-chatkit').getByRole('button', { name: 'New conversation' }).click()
  await page.waitForURL(`${app.url}/chat`)
  await composer().fill('a draft of a new one')
  await page.getByRole('navigation', { name: 'Conversations' }).getByRole('link').last().click()
  await page.waitForURL(first)
  await shows('what is open?')
  await page.goBack()
  await page.waitForURL(`${app.url}/chat`)
  await page.locator('.start').waitFor()
  expect(await composer().inputValue()).toBe('a draft of a new one')
  await page.goBack()
  await page.waitForURL(second)
  await shows('what can you do?')

  await page.reload()
  await expect.poll(() => composer().inputValue()).toBe('a draft of the second')
  await page.getByRole('link', { name: 'Activity' }).click()
  await page.waitForURL(/\/activity/)
  await page.goBack()
  await page.waitForURL(second)
  await expect.poll(() => composer().inputValue()).toBe('a draft of the second')
  await page.goto(`${app.url}/settings`)
  await page.goto(`${app.url}/chat`)
  await expect.poll(() => composer().inputValue()).toBe('a draft of a new one')
  await page.goto(first)
  await expect.poll(() => composer().inputValue()).toBe('a draft of the first')

  await shows('what is open?')
  await composer().press('Enter')
  await shows('a draft of the first')
  await expect.poll(() => kept()).not.toContain('a draft of the first')
  await context.close()
})

test('an expired session keeps drafts; sign-out deletes them in every tab', { timeout: 60_000 }, async () => {
  const email = await arrive()
  await leaveDraft('half a thought')
  await context.clearCookies()
  await page.goto(`${app.url}/chat`)
  await page.waitForURL(/\/sign-in/)
  expect(await kept()).toContain('half a thought')
  await signIn(email)
  await expect.poll(() => composer().inputValue()).toBe('half a thought')

  const other = await context.newPage()
  await other.goto(`${app.url}/chat`)
  await expect.poll(() => composer(other).inputValue()).toBe('half a thought')
  await signOut()
  expect(await kept()).toBeNull()
  await composer(other).fill('half a thought, and more')
  await other.waitForTimeout(600)
  await other.reload()
  await other.waitForURL(/\/sign-in/)
  expect(await kept(other)).toBeNull()
  await signIn(email)
  expect(await composer().inputValue()).toBe('')
  await context.close()
})

test('another person who signs in on the device finds no draft and leaves none', {
  timeout: 60_000,
}, async () => {
  const ann = await arrive()
  await leaveDraft('for nobody else')
  await context.close()
  const bob = await arrive()
  await leaveDraft('Bob was here')
  // Bob's session ends, and Ann signs in on his browser.
  await context.clearCookies()
  await signIn(ann)
  expect(await composer().inputValue()).toBe('')
  expect(await kept()).not.toContain('Bob was here')
  await context.clearCookies()
  await signIn(bob)
  expect(await composer().inputValue()).toBe('')
  await context.close()
})

test('the composer has the focus when the chat has loaded, except on a phone', { timeout: 60_000 }, async () => {
  const isFocused = () => composer().evaluate((field) => (field.getRootNode() as ShadowRoot).activeElement === field)
  const email = await arrive()
  await expect.poll(isFocused).toBe(true)
  await page.goto(`${app.url}/settings`)
  await page.getByRole('link', { name: 'Chat', exact: true }).click()
  await expect.poll(isFocused).toBe(true)
  await page.keyboard.type('straight away')
  expect(await composer().inputValue()).toBe('straight away')
  await context.close()

  context = await browser.newContext({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } })
  page = await context.newPage()
  await signIn(email)
  await page.locator('openai-chatkit[data-loaded]').waitFor()
  await page.waitForTimeout(500)
  expect(await isFocused()).toBe(false)
  await context.close()
})
