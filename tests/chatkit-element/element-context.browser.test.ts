import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { speak } from '#tests/support/element/element-answers.ts'
import { barriers, composer, elementBrowser, say } from '#tests/support/element/element-browser.ts'

// Summaries of earlier messages, and how full the model's window is.

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  let made = 0
  stage = await elementBrowser(async (run, text) => {
    if (text === '/compact' || text === 'long') {
      const content = 'Ann flies to **Vienna** on 3 May. The door code is 4711.'
      const calls = '- `add_task`: it took effect\n- `send_mail`: it may have taken effect'
      const tasks = [
        { type: 'thought', status_indicator: 'none', content },
        { type: 'custom', status_indicator: 'none', icon: 'bolt', title: 'Tool calls', content: calls },
      ]
      const summary = { title: 'Earlier messages, summarised', icon: 'book-clock' }
      const workflow = { type: 'custom', subject: 'earlier_messages', expanded: false, tasks, summary }
      const base = { thread_id: run.thread.id, created_at: new Date().toISOString() }
      run.send({ type: 'thread.item.done', item: { type: 'workflow', id: `wf_${++made}`, ...base, workflow } })
    }
    const usage = { full: { used: 7_400, limit: 8_000 }, most: { used: 6_100, limit: 8_000 } }[text]
    const thread = { ...run.thread, items: { data: [], has_more: false }, metadata: {} }
    run.send({ type: 'thread.updated', thread: { ...thread, ...(usage && { context_usage: usage }) } })
    if (text !== '/compact') await speak(run, 'That is noted.')
  })
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const line = (page: Page, name = 'Earlier messages, summarised') => page.getByRole('button', { name })

test('a summary is a closed line that opens, and no answer: it has no actions of its own', async () => {
  const page = await stage.visit({ threadItemActions: { feedback: true, retry: true } })
  await say(page, '/compact')
  await line(page).waitFor()
  await expect.poll(() => page.locator('.thread').getAttribute('aria-busy')).toBe('false')
  for (const name of ['Retry', 'Good answer']) expect(await page.getByRole('button', { name }).count()).toBe(0)
  expect(await page.getByRole('button', { name: 'Copy' }).count(), 'of the message alone').toBe(1)
  expect(await page.getByText('The door code is 4711.').count()).toBe(0)
  await line(page).click()
  await page.getByText('The door code is 4711.').waitFor()
  expect(await page.locator('.task-title').allTextContents()).toEqual(['Summary', 'Tool calls'])
  await page.getByText('it may have taken effect').waitFor()
  expect(await barriers(page)).toEqual([])
  // Before an answer it is part of that turn, whose actions belong to the answer.
  await say(page, 'long')
  await page.getByRole('button', { name: 'Retry' }).waitFor()
  expect(await page.getByRole('button', { name: 'Copy' }).count(), 'of two messages and the answer').toBe(3)
})

test('the line is worded in the page’s language', async () => {
  const page = await stage.visit({ locale: 'de' })
  await page.getByRole('textbox', { name: 'Nachricht' }).fill('long')
  await page.getByRole('textbox', { name: 'Nachricht' }).press('Enter')
  await line(page, 'Frühere Nachrichten, zusammengefasst').click()
  expect(await page.locator('.task-title').allTextContents()).toEqual(['Zusammenfassung', 'Aufrufe von Werkzeugen'])
})

test('a gauge shows how full the window is once it matters, with numbers for those who ask', async () => {
  const page = await stage.visit()
  const gauge = page.getByRole('meter')
  await say(page, 'hello')
  await page.locator('.message').waitFor()
  expect(await gauge.count()).toBe(0)
  await say(page, 'most')
  await gauge.waitFor()
  const said = '76% of the context used: about 6,100 / 8,000 tokens'
  expect(await gauge.getAttribute('aria-label')).toBe(said)
  expect(await page.locator('.context-gauge').getAttribute('title')).toBe(said)
  expect(await page.locator('.context-gauge.is-nearly-full').count()).toBe(0)
  await say(page, 'full')
  await page.locator('.context-gauge.is-nearly-full').getByText('93%').waitFor()
  // What fades in has too little contrast on its way.
  await expect.poll(() => barriers(page)).toEqual([])
  await say(page, '/compact')
  await line(page).waitFor()
  await expect.poll(() => gauge.count()).toBe(0)
  expect(await composer(page).isEnabled()).toBe(true)
})
