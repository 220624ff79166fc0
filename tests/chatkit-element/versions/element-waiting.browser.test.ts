import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { gates, scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { barriers, composer, elementBrowser, say, sendButton } from '#tests/support/element/element-browser.ts'

// Messages that are written while an answer runs.

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

/** Opens the page with an answer that goes on until the returned function is called. */
async function begin(settings = {}, options = {}): Promise<{ page: Page; end: () => void }> {
  const { promise, resolve } = Promise.withResolvers<void>()
  gates.set('wait', promise)
  const page = await stage.visit({ waiting: 'on', ...options }, settings)
  await composer(page).or(page.locator('textarea')).first().fill('wait')
  await page.locator('textarea').press('ControlOrMeta+Enter')
  await page.getByText('Half of it').waitFor()
  return { page, end: resolve }
}

const bubbles = (page: Page) => page.locator('.bubble').allTextContents()
const list = (page: Page) => page.getByRole('list', { name: 'Waiting messages' })
const takeBack = (page: Page) => list(page).getByRole('button', { name: 'Take back' })
const threadOf = () => [...stage.server.threads.values()].at(-1)

test('messages wait under the running answer, are taken back by keyboard, and are sent in their order', async () => {
  const { page, end } = await begin()
  const sendAfter = page.getByRole('button', { name: 'Send after this answer' })
  // With an empty composer there is one button, which stops.
  expect(await sendAfter.count()).toBe(0)
  await composer(page).fill('first')
  await sendAfter.click()
  await takeBack(page).waitFor()
  await say(page, 'second')
  await say(page, 'third')
  await expect.poll(() => takeBack(page).count()).toBe(3)
  expect(await bubbles(page)).toEqual(['wait', 'first', 'second', 'third'])
  expect(await page.getByRole('status').last().textContent()).toBe('Will be sent after this answer')
  expect(await barriers(page)).toEqual([])
  expect(stage.sent('threads.add_user_message')).toEqual([])

  // Back into the composer, before what is being written there.
  await composer(page).fill('more')
  await takeBack(page).nth(1).focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => bubbles(page)).toEqual(['wait', 'first', 'third'])
  expect(await composer(page).inputValue()).toBe('second\n\nmore')
  await expect
    .poll(() => composer(page).evaluate((it) => it === (it.getRootNode() as ShadowRoot).activeElement))
    .toBe(true)

  end()
  await page.locator('.md strong', { hasText: 'third' }).waitFor()
  await sendButton(page).waitFor()
  expect(await bubbles(page)).toEqual(['wait', 'first', 'third'])
  expect(await list(page).count()).toBe(0)
  expect(threadOf()?.items.map(({ type }) => type)).toEqual(Array(3).fill(['user_message', 'assistant_message']).flat())
})

test('a message that cannot wait goes back to the composer with the reason', async () => {
  const { page, end } = await begin()
  stage.server.refusals.set('threads.wait_message', {
    status: 409,
    body: JSON.stringify({ message: 'Too many wait.' }),
  })
  await say(page, 'first')
  await page.getByRole('alert').filter({ hasText: 'Too many wait.' }).waitFor()
  expect(await composer(page).inputValue()).toBe('first')
  expect(await list(page).count()).toBe(0)
  end()
})

test('a message whose answer got lost is kept, sent again under its id, and stored once', async () => {
  const { page, end } = await begin()
  stage.server.unheard.set('threads.wait_message', 1)
  await say(page, 'first')
  await list(page).getByText('Not sent').waitFor()
  await list(page).getByRole('button', { name: 'Send now' }).click()
  await list(page).getByText('Will be sent after this answer').waitFor()
  const ids = stage.sent('threads.wait_message').map(({ metadata }) => metadata.request_id)
  expect([ids.length, new Set(ids).size]).toEqual([2, 1])
  expect(threadOf()?.waits).toHaveLength(1)
  end()
  await page.locator('.md strong', { hasText: 'first' }).waitFor()
  expect(await bubbles(page)).toEqual(['wait', 'first'])
})

test('what is held says why, after a reload too, and is sent by its button', async () => {
  const { page, end } = await begin()
  await say(page, 'first')
  await takeBack(page).waitFor()
  const thread = threadOf()
  const [held] = thread?.waits ?? []
  if (held) Object.assign(held, { is_held: true, note: 'You were signed out.' })
  end()
  await sendButton(page).waitFor()
  await page.evaluate(
    (_id) => (window as never as { chat: { setThreadId(id: unknown): unknown } }).chat.setThreadId(null),
    '',
  )
  await page.evaluate(
    (id) => (window as never as { chat: { setThreadId(id: unknown): unknown } }).chat.setThreadId(id),
    thread?.id,
  )
  await list(page).getByText('You were signed out.').waitFor()
  expect(await barriers(page)).toEqual([])
  await list(page).getByRole('button', { name: 'Send now' }).click()
  await page.locator('.md strong', { hasText: 'first' }).waitFor()
  expect(await list(page).count()).toBe(0)
})

test('a server that keeps no waiting messages is not asked for them', async () => {
  const { page, end } = await begin({}, { waiting: 'off' })
  await say(page, 'first')
  expect(await composer(page).inputValue()).toBe('first')
  expect(stage.sent('threads.wait_message')).toEqual([])
  end()
})

test.each([
  { name: 'wide', size: { viewport: { width: 1280, height: 800 } }, locale: 'en' },
  { name: 'phone', size: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, locale: 'ar' },
])('the list fits on a $name screen, in both schemes and right to left', async ({ name, size, locale }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, end } = await begin({ ...size, colorScheme }, { locale, theme: colorScheme })
    for (const text of ['And then the second question, which is longer than a line on a phone.', 'x'.repeat(120)]) {
      await page.locator('.composer textarea').fill(text)
      await page.locator('.composer textarea').press('ControlOrMeta+Enter')
    }
    await expect.poll(() => page.locator('.waiting li').count()).toBe(2)
    const [held] = threadOf()?.waits ?? []
    if (held) Object.assign(held, { is_held: true, note: 'You were signed out before this message was sent.' })
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    expect(await barriers(page)).toEqual([])
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/waiting-${name}-${colorScheme}.png` })
    await page.locator('.composer textarea').fill('third')
    end()
    await page
      .locator('.waiting-state.is-held')
      .waitFor()
      .catch(() => undefined)
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/held-${name}-${colorScheme}.png` })
    await stage.leave()
  }
})
