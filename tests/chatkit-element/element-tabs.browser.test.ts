import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { gates, scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { composer, elementBrowser, heard, say, sendButton } from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
/** What the answer to "wait" waits for halfway. */
let rest: PromiseWithResolvers<void>

beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(async () => {
  rest.resolve()
  await stage.leave()
})

/**
 * Two tabs of one person on one conversation with a question and its answer. Unless they share a
 * browser, nothing tells the second what the first does.
 */
async function twoTabs({ inOneBrowser = false } = {}): Promise<{ first: Page; second: Page }> {
  rest = Promise.withResolvers()
  gates.set('wait', rest.promise)
  const first = await stage.visit()
  await say(first, 'hello')
  await first.locator('.md strong', { hasText: 'hello' }).waitFor()
  await sendButton(first).waitFor()
  const second = await first.context().newPage()
  if (!inOneBrowser) await second.addInitScript(() => Reflect.deleteProperty(window, 'BroadcastChannel'))
  const options = { initialThread: [...stage.server.threads.keys()].at(-1) }
  await second.goto(`${stage.server.origin}/#${encodeURIComponent(JSON.stringify(options))}`)
  await second.locator('.md strong', { hasText: 'hello' }).waitFor()
  return { first, second }
}

const stopButton = (page: Page) => page.getByRole('button', { name: 'Stop answering' })
/** Simulates that the person returns to a tab, or that its network is back. */
const returnTo = (page: Page, event = 'focus') =>
  page.evaluate((name) => void window.dispatchEvent(new Event(name)), event)

test('a message during another tab’s answer shows that answer, keeps the text and says why', async () => {
  const { first, second } = await twoTabs()
  await say(first, 'wait')
  await first.getByText('Half of it').waitFor()
  await say(second, 'me too')
  await second.getByText('Half of it').waitFor()
  await second.getByRole('alert').getByText('The assistant is still answering.').waitFor()
  expect(await composer(second).inputValue()).toBe('me too')
  expect(await second.locator('.bubble').allTextContents()).toEqual(['hello', 'wait'])
  await stopButton(second).click()
  await expect.poll(() => stage.sent('threads.stop').length).toBe(1)
  rest.resolve()
  await sendButton(second).waitFor()
  expect(await second.getByRole('alert').count(), 'what is over is no reason any more').toBe(0)
  await composer(second).press('Enter')
  await second.locator('.md strong', { hasText: 'me too' }).waitFor()
})

test.each(['focus', 'online', 'visibilitychange'])(
  'an open tab learns on %s of a turn that began elsewhere',
  async (event) => {
    const { first, second } = await twoTabs()
    await composer(second).fill('a draft')
    await say(first, 'wait')
    await first.getByText('Half of it').waitFor()
    if (event === 'visibilitychange')
      await second.evaluate(() => void document.dispatchEvent(new Event('visibilitychange')))
    else await returnTo(second, event)
    await second.getByText('Half of it').waitFor()
    await stopButton(second).waitFor()
    rest.resolve()
    await second.locator('.message', { hasText: 'Half of it and the rest.' }).waitFor()
    await sendButton(second).waitFor()
    expect(await composer(second).inputValue()).toBe('a draft')
  },
)

test('a turn that ended elsewhere is there on return, without redrawing what was shown', async () => {
  const { first, second } = await twoTabs()
  await say(first, 'meanwhile')
  await first.locator('.md strong', { hasText: 'meanwhile' }).waitFor()
  await sendButton(first).waitFor()
  expect(await second.locator('.bubble').count()).toBe(1)
  await second
    .locator('.message')
    .first()
    .evaluate((message) => Object.assign(message, { drawnBefore: true }))
  await returnTo(second)
  await second.locator('.md strong', { hasText: 'meanwhile' }).waitFor()
  expect(await second.locator('.bubble').allTextContents()).toEqual(['hello', 'meanwhile'])
  const kept = await second
    .locator('.message')
    .first()
    .evaluate((message) => 'drawnBefore' in message)
  expect(kept, 'what was there stays as it is').toBe(true)
})

test('an answer that ends while the tab catches up is not missed', async () => {
  const { first, second } = await twoTabs()
  await say(first, 'wait')
  await first.getByText('Half of it').waitFor()
  await second.route('**/chatkit', async (route) => {
    if (route.request().postDataJSON().type !== 'threads.get_by_id') return route.continue()
    const response = await route.fetch()
    rest.resolve()
    await sendButton(first).waitFor()
    return route.fulfill({ response })
  })
  await returnTo(second)
  await second.locator('.message', { hasText: 'Half of it and the rest.' }).waitFor()
})

test('a window beside this one shows a running answer without being touched', async () => {
  const { first, second } = await twoTabs({ inOneBrowser: true })
  await composer(second).fill('a draft')
  await say(first, 'wait')
  await second.getByText('Half of it').waitFor()
  await stopButton(second).waitFor()
  expect(await second.locator('.bubble').allTextContents()).toEqual(['hello', 'wait'])
  rest.resolve()
  await second.locator('.message', { hasText: 'Half of it and the rest.' }).waitFor()
  expect(await composer(second).inputValue()).toBe('a draft')
  await sendButton(second).waitFor()
  await say(second, 'and back')
  await first.locator('.md strong', { hasText: 'and back' }).waitFor()
})

test('an effect and a client tool happen once, in the window that asked', async () => {
  const { first, second } = await twoTabs({ inOneBrowser: true })
  await say(first, 'late effect')
  await stopButton(second).waitFor()
  rest.resolve()
  for (const page of [first, second]) {
    await page.locator('.message', { hasText: 'The page said: {"name":"double","doubled":42}' }).waitFor()
    await sendButton(page).waitFor()
  }
  expect(stage.sent('threads.add_client_tool_output')).toHaveLength(1)
  const effects = async (page: Page) => (await heard(page)).filter((name) => name === 'effect')
  expect([await effects(first), await effects(second)]).toEqual([['effect'], []])
})
