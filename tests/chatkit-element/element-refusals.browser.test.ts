import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { composer, elementBrowser, say } from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const tryAgain = (page: Page) => page.getByRole('button', { name: /^Try again/ })

const notSent = (page: Page) => page.locator('.question', { hasText: 'Not sent' })

async function refuse(
  status: number,
  headers: Record<string, string> = {},
  message = 'The server says no.',
): Promise<Page> {
  const page = await stage.visit()
  stage.server.refusals.set('threads.create', { status, headers, body: JSON.stringify({ message }) })
  await say(page, 'hello')
  await page.getByRole('alert').getByText(message).waitFor()
  // The text is not lost: it can be changed, or sent again as it is.
  const mayPass = status === 429 || status >= 500
  expect(await composer(page).inputValue()).toBe(mayPass ? '' : 'hello')
  expect(await notSent(page).locator('.bubble').allTextContents()).toEqual(mayPass ? ['hello'] : [])
  return page
}

test.each([400, 401, 403, 404, 413, 415])(
  'a message refused with %i returns to the composer, without an offer to send it again',
  async (status) => {
    const page = await refuse(status)
    expect(await tryAgain(page).count()).toBe(0)
    await composer(page).fill('hi')
    await composer(page).press('Enter')
    await page.locator('.md strong', { hasText: 'hi' }).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  },
)

test.each([500, 502, 503])('a message that meets a server error (%i) can be sent again unchanged', async (status) => {
  const page = await refuse(status)
  await tryAgain(page).click()
  await page.locator('.md strong', { hasText: 'hello' }).waitFor()
})

test('"Try again" is disabled until the time in retry-after', async () => {
  const far = await refuse(429, { 'retry-after': '3600' })
  expect(await tryAgain(far).isDisabled()).toBe(true)
  expect(await tryAgain(far).textContent()).toMatch(/60 min|59 min/)
  await stage.leave()
  const near = await refuse(429, { 'retry-after': '1' })
  await expect.poll(() => tryAgain(near).isEnabled(), { timeout: 20_000 }).toBe(true)
  await tryAgain(near).click()
  await near.locator('.md strong', { hasText: 'hello' }).waitFor()
})

test('a message can be sent again if the server could not be reached', async () => {
  const page = await stage.visit()
  await page.route('**/chatkit', (route) => route.abort(), { times: 1 })
  await say(page, 'hello')
  await page.getByRole('alert').getByText('could not be reached').waitFor()
  await tryAgain(page).click()
  await page.locator('.md strong', { hasText: 'hello' }).waitFor()
})

test('a refused message returns in front of the text that was written since', async () => {
  const page = await stage.visit()
  const gate = Promise.withResolvers<void>()
  await page.route('**/chatkit', async (route) => {
    await gate.promise
    await route.fulfill({ status: 413, json: { message: 'This message is too long.' } })
  })
  await say(page, 'the first thought')
  await page.locator('.bubble').waitFor()
  await composer(page).fill('the second thought')
  gate.resolve()
  await page.getByRole('alert').getByText('too long').waitFor()
  expect(await composer(page).inputValue()).toBe('the first thought\n\nthe second thought')
})

test('an answer that no server of ours gives shows our sentence, not the words of a TypeError', async () => {
  const page = await stage.visit()
  await page.route('**/chatkit', (route) => route.fulfill({ status: 200, json: null }))
  await page.getByRole('button', { name: 'Conversation history' }).click()
  await page.getByText('Something went wrong. Please try again.').first().waitFor()
  expect(await page.getByText(/Cannot read|undefined|null/).count()).toBe(0)
})

test('a late action shows the current widget and offers no retry', async () => {
  const page = await stage.visit()
  await say(page, 'widget')
  await page.getByRole('button', { name: 'Done' }).waitFor()
  await composer(page).fill('a draft')
  const thread = [...stage.server.threads.values()].at(-1)
  const card = thread?.items.at(-1)
  Object.assign(card ?? {}, { widget: { type: 'Card', children: [{ type: 'Text', value: 'Done elsewhere.' }] } })
  stage.server.refusals.set('threads.custom_action', {
    status: 409,
    body: JSON.stringify({ message: 'This was answered already.' }),
  })
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByText('Done elsewhere.').waitFor()
  await page.getByRole('alert').getByText('This was answered already.').waitFor()
  expect(await tryAgain(page).count()).toBe(0)
  expect(await composer(page).inputValue()).toBe('a draft')
})
