import { writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessible, field, inspect, openPage, press, signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// A conversation is shared, read, continued, printed and brought along in a browser, and a temporary one
// leaves nothing in the list.

let app: AppServer
let browser: Browser
let ann: Page
let bob: Page
const troubles: string[] = []

beforeAll(async () => {
  ;[app, browser] = await Promise.all([startApp({ env: { SIGN_UP: 'open' } }), openBrowser()])
  ann = await openPage(browser, app.url, troubles)
  await signUp(ann)
  bob = await openPage(browser, `${app.url}/sign-up`, troubles)
  await signUp(bob, { name: 'Bob Baker', email: 'bob@example.com' })
}, BUILD_MS)
afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' })

async function say(page: Page, text: string) {
  await composer(page).fill(text)
  await composer(page).press('Enter')
  await page.getByRole('log').getByText(text).waitFor()
  await page.waitForURL(/\/chat\/thr_/)
  await expect.poll(() => page.locator('.thread').getAttribute('aria-busy')).toBe('false')
}

let link = ''

test('a person makes a link to a copy, and another one reads it in the same element and continues', async () => {
  await say(ann, 'hello from Ann')
  await press(ann, 'Share and export')
  const dialog = ann.getByRole('dialog', { name: 'Share and export' })
  await dialog.waitFor()
  await inspect(ann, 'share-dialog')
  await ann.getByLabel('Who may read it').selectOption('chosen')
  await field(ann, 'E-mail addresses').fill('nobody@example.com, not an address')
  await press(ann, 'Make a link')
  await dialog.getByRole('alert').waitFor()
  await field(ann, 'E-mail addresses').fill('bob@example.com')
  await press(ann, 'Make a link')
  link = (await dialog.locator('code').textContent()) ?? ''
  expect(link).toMatch(/\/shared\/shr_\w+$/)
  await expect.poll(() => ann.title()).not.toBe('')
  await expectAccessible(ann, 'share-link')
  await bob.goto(link)
  await bob.getByRole('log').getByText('hello from Ann').waitFor()
  await bob.getByText('A copy, shared by Ann Archer').waitFor()
  expect(await composer(bob).count()).toBe(0)
  await inspect(bob, 'shared-page')
  await press(bob, 'Continue from here')
  await bob.waitForURL(/\/chat\/thr_/)
  await bob.getByRole('log').getByText('hello from Ann').waitFor()
  await bob.getByText('Copied from a shared conversation').waitFor()
  await say(bob, 'and from Bob')
})

test('it is listed in the settings, and ended there: its link leads nowhere', async () => {
  await bob.goto(link)
  await ann.goto(`${app.url}/settings/conversations`)
  await ann.getByText('bob@example.com').waitFor()
  await inspect(ann, 'settings-conversations')
  await press(ann, 'End')
  await press(ann, 'Stop sharing')
  await ann.getByText('You share nothing').waitFor()
  await bob.reload()
  await bob.getByText('There is nothing here').waitFor()
})

test('a file of another program is brought along, and says so', async () => {
  const file = path.join(os.tmpdir(), `conversations-${process.pid}.json`)
  const message = { messageId: 'a', parentMessageId: null, isCreatedByUser: true, text: 'Written elsewhere' }
  const given = { conversationId: 'x', title: 'From LibreChat', messages: [message] }
  writeFileSync(file, JSON.stringify([given, { title: 'Not one', x: 1 }]))
  await ann.getByLabel('Files to import').setInputFiles(file)
  await ann.getByText('1 imported, 1 with a problem.').waitFor()
  await inspect(ann, 'settings-import')
  const listed = await (await ann.request.get(`${app.url}/api/me/conversations`)).json()
  const text = JSON.stringify(listed)
  await ann.goto(`${app.url}/chat/${/"id":"(thr_\w+)","title":"From LibreChat"/.exec(text)?.[1]}`)
  await ann.getByText('Imported from LibreChat').waitFor()
  await inspect(ann, 'imported-chat')
})

test('the page to print is as long as the conversation, and shows nothing else', async () => {
  await ann.goto(`${app.url}/chat`)
  await say(ann, 'a line to print')
  await ann.goto(ann.url().replace('/chat/', '/print/'))
  await ann.getByRole('log').getByText('a line to print').waitFor()
  await inspect(ann, 'print')
  await ann.emulateMedia({ media: 'print' })
  expect(await ann.getByRole('button', { name: 'Print' }).isVisible()).toBe(false)
  const scrolls = await ann.locator('.scroller').evaluate((box) => box.scrollHeight > box.clientHeight + 1)
  expect(scrolls).toBe(false)
  await ann.emulateMedia({ media: 'screen' })
})

test('a temporary conversation says what it is, survives a reload, and is gone when it is left', async () => {
  await ann.goto(`${app.url}/chat`)
  await ann.getByRole('button', { name: 'Temporary' }).click()
  await ann.getByText('is gone when you leave it').waitFor()
  await inspect(ann, 'temporary-choice')
  await say(ann, 'a passing thought')
  const address = ann.url()
  await ann.getByRole('button', { name: 'End it now' }).waitFor()
  await inspect(ann, 'temporary-chat')
  await ann.reload()
  await ann.getByRole('log').getByText('a passing thought').waitFor()
  await press(ann, 'End it now')
  await ann.waitForURL(/\/chat$/)
  await expect
    .poll(async () => (await ann.request.get(`${app.url}/api/me/conversations`)).text())
    .not.toContain('passing')
  await ann.goto(address)
  await expect.poll(() => ann.getByText('a passing thought').count()).toBe(0)
  await ann
    .getByText(/does not exist|not found|There is no/i)
    .first()
    .waitFor()
})

test('no page has complained', () => {
  expect(troubles).toEqual([])
})
