import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { composer, elementBrowser, say, sendButton } from '#tests/support/element/element-browser.ts'

// A message that the server has not confirmed is never dropped. It stays through every re-read, and
// is resent under its own id.

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const KEPT = { drafts: { key: 'test-drafts', owner: 'ann' } }
const unsent = (page: Page) => page.locator('.question', { hasText: 'Not sent' }).locator('.bubble')
const sendAgain = (page: Page) => page.getByRole('button', { name: 'Send again' })
const dismiss = (page: Page) => page.getByRole('button', { name: 'Dismiss' }).click()
const bubbles = (page: Page) => page.locator('.bubble').allTextContents()
const ids = (type: string) => stage.sent(type).map(({ metadata }) => metadata.request_id)
/** Simulates that the person looks at another tab and comes back. */
const lookAway = (page: Page) => page.evaluate(() => dispatchEvent(new Event('focus')))
const isRead = (page: Page) =>
  expect
    .poll(() => stage.sent('threads.get_by_id').length)
    .toBeGreaterThan(0)
    .then(() => page)

function refuse(type: string): void {
  stage.server.refusals.set(type, {
    status: 503,
    body: JSON.stringify({ message: 'The disk of the database is full.' }),
  })
}

test('a message that the database refuses keeps its text and reason through a re-read, and is sent once', async () => {
  const page = await stage.visit()
  await say(page, 'hello')
  await page.locator('.md strong', { hasText: 'hello' }).waitFor()
  await sendButton(page).waitFor()
  for (let times = 0; times < 4; times += 1) refuse('threads.add_user_message')
  await page.route('**/chatkit', async (route) => {
    if (!route.request().postData()?.includes('threads.add_user_message')) return route.fallback()
    await route.fulfill({ status: 507, json: { message: 'The disk of the database is full.' } })
  })
  await say(page, 'is it lost?')
  await page.getByRole('alert').getByText('disk of the database is full').waitFor()
  await lookAway(page)
  await isRead(page)
  expect(await unsent(page).allTextContents()).toEqual(['is it lost?'])
  await page.getByRole('alert').getByText('disk of the database is full').waitFor()
  await page.unroute('**/chatkit')
  stage.server.refusals.clear()
  await dismiss(page)
  await sendAgain(page).click()
  await page.locator('.md strong', { hasText: 'is it lost?' }).waitFor()
  expect(await bubbles(page)).toEqual(['hello', 'is it lost?'])
  expect(await unsent(page).count()).toBe(0)
})

test('the first message of a chat survives a reload without a network, and "Send again" sends it', async () => {
  const page = await stage.visit(KEPT)
  await page.route('**/chatkit', (route) => route.abort())
  await say(page, 'first of all')
  await page.getByRole('alert').getByText('could not be reached').waitFor()
  await page.reload()
  await unsent(page).waitFor()
  expect(await bubbles(page)).toEqual(['first of all'])
  await page.unroute('**/chatkit')
  await sendAgain(page).click()
  await page.locator('.md strong', { hasText: 'first of all' }).waitFor()
  await page.reload()
  await composer(page).waitFor()
  expect(await unsent(page).count()).toBe(0)
  expect(new Set(ids('threads.create')).size).toBe(1)
})

test('a message whose send was interrupted by a reload is stored once when it is sent again', async () => {
  const page = await stage.visit(KEPT)
  stage.server.unheard.set('threads.create', 1)
  const stored = () =>
    [...stage.server.threads.values()].filter(({ items }) => JSON.stringify(items).includes('did it arrive?'))
  await say(page, 'did it arrive?')
  await expect.poll(() => stored().length).toBe(1)
  await page.reload()
  await unsent(page).waitFor()
  await sendAgain(page).click()
  await page.locator('.md strong', { hasText: 'did it arrive?' }).waitFor()
  expect(await bubbles(page)).toEqual(['did it arrive?'])
  expect(stored()).toHaveLength(1)
})

test('a message that arrived after all is not offered again once its thread is read', async () => {
  const page = await stage.visit(KEPT)
  await say(page, 'hello')
  await page.locator('.md strong', { hasText: 'hello' }).waitFor()
  await sendButton(page).waitFor()
  const id = [...stage.server.threads.keys()].at(-1)
  // Every response to it is lost.
  stage.server.unheard.set('threads.add_user_message', 9)
  await say(page, 'twice?')
  await expect
    .poll(() => stage.server.threads.get(id ?? '')?.items.filter(({ type }) => type === 'user_message').length)
    .toBe(2)
  await page.goto('about:blank')
  await page.goto(`${stage.server.origin}/#${encodeURIComponent(JSON.stringify({ ...KEPT, initialThread: id }))}`)
  await page.locator('.md strong', { hasText: 'twice?' }).waitFor()
  expect([await bubbles(page), await unsent(page).count()]).toEqual([['hello', 'twice?'], 0])
  stage.server.unheard.clear()
})

test('an unsent message can be edited instead, and is not kept for another person', async () => {
  const page = await stage.visit(KEPT)
  await page.route('**/chatkit', (route) => route.abort())
  await say(page, 'a secret')
  await page.getByRole('alert').waitFor()
  await page.goto('about:blank')
  await page.goto(
    `${stage.server.origin}/#${encodeURIComponent(JSON.stringify({ drafts: { ...KEPT.drafts, owner: 'bob' } }))}`,
  )
  await composer(page).waitFor()
  expect(await page.getByText('a secret').count()).toBe(0)
  expect(await page.evaluate(() => localStorage.getItem('test-drafts'))).not.toContain('a secret')
  await say(page, 'mine')
  await unsent(page).waitFor()
  await page.getByRole('button', { name: 'Edit' }).click()
  expect([await composer(page).inputValue(), await unsent(page).count()]).toEqual(['mine', 0])
})

test('an unsent message survives a switch to another conversation and back without a network', async () => {
  const page = await stage.visit()
  await say(page, 'hello')
  await page.locator('.md strong', { hasText: 'hello' }).waitFor()
  await sendButton(page).waitFor()
  const id = [...stage.server.threads.keys()].at(-1)
  await page.route('**/chatkit', (route) => route.abort())
  await say(page, 'are you there?')
  await page.getByRole('alert').getByText('could not be reached').waitFor({ timeout: 30_000 })
  await page.evaluate(() =>
    (document.querySelector('openai-chatkit') as never as { setThreadId(id: null): void }).setThreadId(null),
  )
  await page.locator('.start').waitFor()
  await page.evaluate(
    (thread) =>
      (document.querySelector('openai-chatkit') as never as { setThreadId(id: unknown): void }).setThreadId(thread),
    id,
  )
  await unsent(page).waitFor()
  await page.unroute('**/chatkit')
  // The chat notices by itself that the server is back.
  await expect
    .poll(async () => {
      await lookAway(page)
      return bubbles(page)
    })
    .toEqual(['hello', 'are you there?'])
  await sendAgain(page).click()
  await page.locator('.md strong', { hasText: 'are you there?' }).waitFor()
  expect(await bubbles(page)).toEqual(['hello', 'are you there?'])
})

test('every unsent message is kept for the next page, however many there are', async () => {
  const page = await stage.visit(KEPT)
  await page.route('**/chatkit', (route) => route.abort())
  const texts = Array.from({ length: 60 }, (_, n) => `message ${n}`)
  await page.evaluate(async (all) => {
    const chat = document.querySelector('openai-chatkit') as never as { sendUserMessage(p: object): Promise<void> }
    for (const text of all) await chat.sendUserMessage({ text })
  }, texts)
  await page.reload()
  await unsent(page).first().waitFor()
  expect(await unsent(page).allTextContents()).toEqual(texts)
})

test('a browser without room for an unsent message says that it is lost with the page', async () => {
  const page = await stage.visit(KEPT)
  await page.route('**/chatkit', (route) => route.abort())
  const warning = page.locator('.composer-refusal').getByText('This browser cannot keep the message that was not sent.')
  await say(page, 'safe')
  await unsent(page).waitFor()
  expect(await warning.count()).toBe(0)
  await page.evaluate(() => {
    for (let size = 4_000_000; size >= 1; size = Math.floor(size / 2))
      for (let n = 0; n < 9; n += 1)
        try {
          localStorage.setItem(`filler-${size}-${n}`, 'x'.repeat(size))
        } catch {
          break
        }
  })
  await say(page, 'not safe')
  await warning.waitFor()
  expect(await unsent(page).allTextContents()).toEqual(['safe', 'not safe'])
})
