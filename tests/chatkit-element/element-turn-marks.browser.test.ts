import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { elementBrowser, say, sendButton } from '#tests/support/element/element-browser.ts'

// The outcome of a turn that failed or was stopped stays with it through re-reads, dismissals and
// reloads.

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const failures = (page: Page) => page.locator('.failure')
const retry = (page: Page) => failures(page).getByRole('button', { name: 'Retry' })
const fetchUpdates = (page: Page) =>
  page.evaluate(() => (window as never as { chat: { fetchUpdates(): Promise<void> } }).chat.fetchUpdates())

/** Sets the outcome of the last turn on the server, as ours does. */
function tellOutcome(outcome: object): string {
  const thread = [...stage.server.threads.values()].at(-1)
  Object.assign(thread?.items.findLast(({ type }) => type === 'user_message') ?? {}, { outcome })
  return thread?.id ?? ''
}

test('the error of a first answer stays when the thread is read again and after it was dismissed', async () => {
  const page = await stage.visit()
  await say(page, 'fail')
  await failures(page).getByText('The model is tired.').waitFor()
  await fetchUpdates(page)
  expect(await failures(page).allTextContents()).toEqual([expect.stringContaining('The model is tired.')])
  tellOutcome({ status: 'failed', message: 'The model is tired.', allow_retry: true })
  await fetchUpdates(page)
  expect(await failures(page).count()).toBe(1)
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await failures(page).getByText('The model is tired.').waitFor()
  await retry(page).click()
  await page.locator('.message', { hasText: 'Better now.' }).waitFor()
  expect(await failures(page).count()).toBe(0)
})

test('outcomes are shown after a reload, with Retry for the last turn only', async () => {
  const page = await stage.visit()
  await say(page, 'fail')
  await failures(page).waitFor()
  tellOutcome({ status: 'failed', message: 'The model is tired.', allow_retry: true })
  await say(page, 'fail')
  await expect.poll(() => failures(page).count()).toBe(2)
  const id = tellOutcome({ status: 'failed', message: 'It sleeps.', allow_retry: true })
  await page.goto('about:blank')
  await page.goto(`${stage.server.origin}/#${encodeURIComponent(JSON.stringify({ initialThread: id }))}`)
  await failures(page).getByText('It sleeps.').waitFor()
  expect([await failures(page).count(), await retry(page).count()]).toEqual([2, 1])
  await retry(page).click()
  await page.locator('.message', { hasText: 'Better now.' }).waitFor()
  expect(await failures(page).allTextContents()).toEqual(['The model is tired.'])
  expect(stage.sent('threads.retry_after_item').length).toBe(1)
})

test('the focus moves to the composer after Retry and Dismiss, whose buttons are gone', async () => {
  const page = await stage.visit({ threadItemActions: { retry: true } })
  const field = page.getByRole('textbox', { name: 'Message' })
  const isInField = () => field.evaluate((element) => (element.getRootNode() as ShadowRoot).activeElement === element)
  await say(page, 'fail')
  await page.getByRole('button', { name: 'Dismiss' }).press('Enter')
  await expect.poll(isInField).toBe(true)
  await retry(page).press('Enter')
  await page.locator('.message', { hasText: 'Better now.' }).waitFor()
  await expect.poll(isInField).toBe(true)
  await page.locator('.actions').getByRole('button', { name: 'Retry' }).press('Enter')
  await expect.poll(() => stage.sent('threads.retry_after_item').length).toBe(2)
  await expect.poll(isInField).toBe(true)
})

test('a stopped answer is marked at once', async () => {
  const page = await stage.visit()
  await say(page, 'slow')
  await page.getByText('word word').first().waitFor()
  await page.getByRole('button', { name: 'Stop answering' }).click()
  await sendButton(page).waitFor()
  await failures(page).getByText('You stopped this answer.').waitFor()
  await retry(page).click()
  await page.locator('.message', { hasText: 'Better now.' }).waitFor()
  expect(await failures(page).count()).toBe(0)
})
