import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { answerText, elementBrowser, heard, say, sendButton } from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

test('a lost connection is resumed: the answer is whole, and no effect happens twice', async () => {
  const page = await stage.visit()
  await say(page, 'cut')
  await expect
    .poll(async () => (await answerText(page).textContent())?.trim())
    .toBe('one two three four five six seven eight nine ten')
  await sendButton(page).waitFor()
  expect(stage.sent('threads.attach').length).toBeGreaterThan(0)
  expect((await heard(page)).filter((name) => name === 'effect')).toHaveLength(1)
  expect(await page.locator('.message').count()).toBe(1)
  expect(await page.getByRole('alert').count()).toBe(0)
})

test('a message without a response is resent under its own id and answered once', async () => {
  const page = await stage.visit()
  await say(page, 'hello')
  await page.locator('.md strong', { hasText: 'hello' }).waitFor()
  await sendButton(page).waitFor()
  stage.server.unheard.set('threads.add_user_message', 1)
  await say(page, 'twice?')
  await page.getByText('Reconnecting').first().waitFor()
  await page.locator('.md strong', { hasText: 'twice?' }).waitFor()
  const tries = stage.sent('threads.add_user_message').map(({ metadata }) => metadata.request_id)
  expect(tries).toEqual([tries[0], tries[0]])
  expect(await page.locator('.bubble').allTextContents()).toEqual(['hello', 'twice?'])
})

test('a reload during an answer shows it continuing, and leaving it does not stop it', async () => {
  const page = await stage.visit()
  await say(page, 'slow')
  await page.getByText('word word').first().waitFor()
  const id = [...stage.server.threads.keys()].at(-1)
  await page.goto('about:blank')
  await page.goto(`${stage.server.origin}/#${encodeURIComponent(JSON.stringify({ initialThread: id }))}`)
  await page.getByRole('button', { name: 'Stop answering' }).waitFor()
  const before = (await answerText(page).textContent())?.length ?? 0
  await expect.poll(async () => (await answerText(page).textContent())?.length).toBeGreaterThan(before)
  await page.getByRole('button', { name: 'New conversation' }).click()
  await page.getByRole('heading', { name: 'What can I help with today?' }).waitFor()
  expect(stage.sent('threads.stop')).toEqual([])
  expect(await page.locator('.bubble').count()).toBe(0)
})
