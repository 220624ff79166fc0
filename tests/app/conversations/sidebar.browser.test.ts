import pg from 'pg'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { expectAccessible, shoot, signUp } from '#tests/support/browser/app-page.ts'
import { openBrowser } from '#tests/support/browser/browser.ts'
import { type OpenAIServer, openAIServer } from '#tests/support/models/openai-server.ts'
import { type AppServer, startApp } from '#tests/support/processes/app-server.ts'
import { BUILD_MS } from '#tests/support/processes/build.ts'

// The sidebar, the palette and the shortcuts, in a production build.

let app: AppServer
let browser: Browser
let model: OpenAIServer
let page: Page
let people = 0

beforeAll(async () => {
  model = await openAIServer()
  model.otherwise(() => ({ text: 'The milk is in the fridge.' }))
  const settings = { OPENAI_BASE_URL: model.url, OPENAI_API: 'responses', OPENAI_API_KEY: 'k' }
  ;[app, browser] = await Promise.all([
    startApp({ env: { SIGN_UP: 'open', THREAD_TITLES: 'first_words', ...settings } }),
    openBrowser(),
  ])
}, BUILD_MS)

afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await model?.[Symbol.asyncDispose]()
})

/** A new person with an account, each in a browser of their own. */
beforeEach(async () => {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  page = await context.newPage()
  people += 1
  await page.goto(people === 1 ? app.url : `${app.url}/sign-up`)
  await signUp(page, { email: `person${people}@example.com` })
  await composer().waitFor()
  return () => context.close()
})

const composer = (on = page) => on.getByRole('textbox', { name: 'Message', exact: true })
const list = (on = page) => on.getByRole('navigation', { name: 'Conversations' })
const rows = () => list().getByRole('link')
const titles = () => rows().evaluateAll((links) => links.map((link) => link.getAttribute('title')))
const answer = () => page.getByRole('log').getByText('The milk is in the fridge.')
const begin = (on = page) => on.getByRole('banner').getByRole('button', { name: /^New conversation/ })
const focused = () =>
  page.evaluate(() => {
    let focus = document.activeElement
    while (focus?.shadowRoot?.activeElement) focus = focus.shadowRoot.activeElement
    return focus?.getAttribute('aria-label') ?? focus?.getAttribute('title') ?? focus?.textContent
  })

async function converse(...texts: string[]): Promise<void> {
  for (const text of texts) {
    if (/thr_/.test(page.url())) await begin().click()
    await page.locator('.start').waitFor()
    await composer().fill(text)
    await composer().press('Enter')
    await answer().waitFor()
    await list().getByRole('link', { name: text }).waitFor()
  }
}

/** Chooses from the menu of a conversation, with the keyboard alone. */
async function choose(title: string, action: string): Promise<void> {
  const button = page.getByRole('button', { name: `Actions for ${title}` })
  await button.focus()
  await button.press('Enter')
  const item = page.getByRole('menuitem', { name: action, exact: true })
  await item.waitFor()
  for (let at = 0; at < 8 && !(await item.evaluate((own) => own === document.activeElement)); at += 1)
    await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
}

test('the sidebar lists by last use, pins, renames, archives and deletes, by the keyboard alone', async () => {
  await converse('one', 'two', 'three')
  expect(await titles()).toEqual(['three', 'two', 'one'])
  expect(await rows().first().getAttribute('aria-current')).toBe('page')
  await expect.poll(() => page.title()).toBe('three · Switchboard')
  await choose('one', 'Pin')
  await list().getByRole('heading', { name: 'Pinned' }).waitFor()
  expect(await titles()).toEqual(['one', 'three', 'two'])
  await choose('three', 'Rename')
  const name = page.getByRole('textbox', { name: 'New title' })
  await expect.poll(focused).toBe('New title')
  await name.fill('THREE')
  await name.press('Enter')
  await expect.poll(titles).toEqual(['one', 'THREE', 'two'])
  await expect.poll(() => page.title()).toBe('THREE · Switchboard')
  await page.locator('.header-title', { hasText: 'THREE' }).waitFor()
  await expectAccessible(page, 'the sidebar')
  await shoot(page, 'sidebar')
  await choose('two', 'Archive')
  await expect.poll(titles).toEqual(['one', 'THREE'])
  await page.getByRole('button', { name: 'Archived conversations', exact: true }).press('Enter')
  const archive = page.getByRole('navigation', { name: 'Archived conversations' })
  await archive.getByRole('link', { name: 'two' }).press('Enter')
  await page.locator('.bubble', { hasText: 'two' }).waitFor()
  await composer().fill('again')
  await composer().press('Enter')
  await page.getByRole('button', { name: 'Back to your conversations' }).press('Enter')
  await expect.poll(titles).toEqual(['one', 'two', 'THREE'])
  expect((await page.reload())?.status()).toBe(200)
  await expect.poll(titles).toEqual(['one', 'two', 'THREE'])
})

test('a deletion is undone by one key press, or by another page after the tab was closed', async () => {
  await converse('keep', 'doomed')
  const address = page.url()
  await choose('doomed', 'Delete')
  await page.waitForURL(`${app.url}/chat`)
  await expect.poll(focused).toBe('Undo')
  await expectAccessible(page, 'a deletion')
  expect(await titles()).toEqual(['keep'])
  await page.keyboard.press('Enter')
  await page.waitForURL(address)
  await expect.poll(titles).toEqual(['doomed', 'keep'])
  await answer().waitFor()

  await choose('doomed', 'Delete')
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  const other = await page.context().newPage()
  await page.close()
  page = other
  await page.goto(address)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(titles).toEqual(['doomed', 'keep'])

  await choose('doomed', 'Delete')
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' })
  expect(await titles()).toEqual(['keep'])
  // The focus was on the offer, and is not lost with it.
  await expect.poll(focused).toBe('keep')
})

test('an answer that ends elsewhere has a dot, in the list and before the tab’s title', async () => {
  await converse('first')
  await begin().click()
  await page.locator('.start').waitFor()
  const { promise: until, resolve } = Promise.withResolvers<void>()
  model.script({ text: 'Slow and late.', pause: { after: 2, until } })
  await composer().fill('slow')
  await composer().press('Enter')
  // It gets its name with the first words of the answer.
  const slow = rows().first()
  await slow.getByText('is being answered').waitFor({ state: 'attached' })
  await list().getByRole('link', { name: 'first' }).click()
  await answer().waitFor()
  expect(await page.title()).toBe('first · Switchboard')
  resolve()
  await slow.getByText('has a new answer').waitFor({ state: 'attached' })
  await expect.poll(() => page.title()).toBe('● first · Switchboard')
  await slow.click()
  await page.getByRole('log').getByText('Slow and late.').waitFor()
  await slow.getByText('has a new answer').waitFor({ state: 'detached' })
  await expect.poll(() => page.title()).toBe('slow · Switchboard')
  await list().getByRole('link', { name: 'first' }).click()
  expect(await list().getByText('has a new answer').count()).toBe(0)
})

test('the palette finds messages, conversations, pages and commands', async () => {
  await converse('今天去超市买牛奶', 'Taxes')
  await page.keyboard.press('Control+k')
  const palette = page.getByRole('dialog', { name: 'Search' })
  await palette.getByRole('menuitem', { name: 'Taxes' }).waitFor()
  await expectAccessible(page, 'the palette')
  await page.keyboard.type('牛奶')
  await palette.getByRole('group', { name: 'Messages' }).getByText('牛奶', { exact: true }).waitFor()
  await expectAccessible(page, 'what was found')
  await shoot(page, 'palette')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.title()).toBe('今天去超市买牛奶 · Switchboard')
  // Also from within the message field.
  await composer().focus()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('activ')
  await palette.getByRole('menuitem', { name: 'Activity' }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Activity', level: 1 }).waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('new conv')
  await palette.getByRole('menuitem', { name: 'New conversation' }).waitFor()
  await page.keyboard.press('Enter')
  await page.locator('.start').waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('no such thing at all')
  await palette.getByText('Nothing was found.').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await palette.waitFor({ state: 'detached' })
})

test('the shortcuts do what their list says', async () => {
  await converse('one', 'two')
  await rows().first().focus()
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await help.waitFor()
  await expectAccessible(page, 'the shortcuts')
  const keys = ['Ctrl+Shift+O', 'Ctrl+K', 'Shift+Esc', 'Esc', 'Ctrl+Shift+C', 'Alt+↑', 'Alt+↓', 'Ctrl+Shift+S', '?']
  expect(await help.locator('kbd').allTextContents()).toEqual(keys)
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'detached' })

  await page.keyboard.press('Alt+ArrowDown')
  await expect.poll(() => page.title()).toBe('one · Switchboard')
  await page.keyboard.press('Alt+ArrowUp')
  await expect.poll(() => page.title()).toBe('two · Switchboard')
  await page.keyboard.press('Shift+Escape')
  await expect.poll(focused).toBe('Message')
  // A question mark in the message is text.
  await page.keyboard.type('why?')
  expect(await composer().inputValue()).toBe('why?')
  await composer().fill('')
  await page.keyboard.press('Control+Shift+C')
  await page.getByText('The answer is copied.').waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('The milk is in the fridge.')

  model.script({ text: 'A long story.', pause: { after: 3, until: new Promise(() => {}) } })
  const asked = model.requests.length
  await composer().fill('tell')
  await composer().press('Enter')
  await expect.poll(() => model.requests.length).toBeGreaterThan(asked)
  await page.getByRole('button', { name: 'Stop answering' }).waitFor()
  // The answer may not have begun yet when the key is pressed first.
  await expect
    .poll(async () => {
      await composer().press('Escape')
      return page.getByRole('button', { name: 'Stop answering' }).count()
    })
    .toBe(0)

  await page.keyboard.press('Control+Shift+O')
  await page.waitForURL(`${app.url}/chat`)
  await expect.poll(focused).toBe('Message')
  await page.keyboard.press('Control+Shift+S')
  await page.getByRole('button', { name: 'Show the sidebar' }).waitFor()
  expect(await rows().count()).toBe(0)
  await expectAccessible(page, 'the collapsed sidebar')
  await page.reload()
  await page.getByRole('button', { name: 'Show the sidebar' }).click()
  await expect.poll(titles).toEqual(['two', 'one'])
})

test('the list goes on while one scrolls, and on a phone it is a drawer, from the right if the page is', async () => {
  await converse('newest')
  const client = new pg.Client({ connectionString: app.databaseUrl })
  await client.connect()
  await client.query(`SELECT set_config('app.system', 'admin', false)`)
  await client.query(`
    INSERT INTO threads (id, owner_id, title, updated_at)
    SELECT 'thr_' || u.id || n, u.id, 'Number ' || n, now() - n * interval '1 hour' FROM users u, generate_series(1, 130) AS n
    WHERE u.email = 'person${people}@example.com'`)
  await client.end()
  await page.reload()
  await rows().nth(39).waitFor()
  for (const at of [39, 79, 119]) {
    await rows().nth(at).scrollIntoViewIfNeeded()
    await rows()
      .nth(Math.min(at + 5, 130))
      .waitFor({ state: 'attached' })
  }
  await rows().nth(130).waitFor({ state: 'attached' })
  const all = await titles()
  expect(new Set(all).size).toBe(131)
  expect(all.slice(0, 3)).toEqual(['newest', 'Number 1', 'Number 2'])

  await page.setViewportSize({ width: 390, height: 800 })
  expect(await list().isVisible()).toBe(false)
  for (const dir of ['ltr', 'rtl']) {
    await page.evaluate((way) => document.documentElement.setAttribute('dir', way), dir)
    const opener = page.getByRole('button', { name: 'Conversations', exact: true })
    await opener.click()
    const drawer = page.getByRole('dialog', { name: 'Conversations' })
    const { x = 0 } = (await drawer.boundingBox()) ?? {}
    expect(x > 0, dir).toBe(dir === 'rtl')
    await expectAccessible(page, `the drawer, ${dir}`)
    await page.screenshot({ path: `artifacts/drawer-${dir}.png` })
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    await expect.poll(focused).toBe('Conversations')
  }
  await page.getByRole('button', { name: 'Conversations', exact: true }).click()
  await page.getByRole('dialog').getByRole('link', { name: 'Number 2', exact: true }).click()
  await page.waitForURL(/thr_/)
  await expect.poll(() => page.title()).toBe('Number 2 · Switchboard')
})
