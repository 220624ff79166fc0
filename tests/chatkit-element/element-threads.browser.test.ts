import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { composer, elementBrowser, heard, say, seen, sendButton } from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const past = (id: string, title: string, words: string[]) => ({
  id,
  title,
  items: words.flatMap((word, n) => [
    {
      type: 'user_message',
      id: `${id}_q${n}`,
      thread_id: id,
      created_at: '2026-01-01T00:00:00Z',
      content: [{ type: 'input_text', text: `ask ${word}` }],
      attachments: [],
      inference_options: {},
    },
    {
      type: 'assistant_message',
      id: `${id}_a${n}`,
      thread_id: id,
      created_at: '2026-01-01T00:00:00Z',
      content: [{ type: 'output_text', text: `answer ${word}`, annotations: [] }],
    },
  ]),
})

test('the history opens, switches, renames, asks before it deletes, and loads more pages', async () => {
  stage.server.threads.clear()
  for (let n = 0; n < 33; n++) stage.server.add(past(`t${n}`, `Chat number ${n}`, [`word${n}`]))
  const page = await stage.visit()
  const dialog = page.getByRole('dialog', { name: 'Conversation history' })
  await page.getByRole('button', { name: 'Conversation history' }).click()
  await dialog.getByRole('button', { name: /^Chat number 32 / }).waitFor()
  expect(await dialog.locator('.history-row').count()).toBe(30)
  await dialog.getByRole('button', { name: 'Load more' }).click()
  await expect.poll(() => dialog.locator('.history-row').count()).toBe(33)
  await dialog.getByRole('button', { name: /^Chat number 31 / }).click()
  await page.getByText('answer word31').waitFor()
  expect(await dialog.count()).toBe(0)
  await page.getByRole('heading', { name: 'Chat number 31' }).waitFor()

  await page.getByRole('button', { name: 'Conversation history' }).click()
  await dialog.getByRole('button', { name: 'Actions for Chat number 31' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  await dialog.getByRole('textbox', { name: 'New title' }).fill('Renamed')
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: /^Renamed / }).waitFor()
  await expect.poll(() => stage.server.threads.get('t31')?.title).toBe('Renamed')

  await dialog.getByRole('button', { name: 'Actions for Renamed' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  const question = page.getByRole('alertdialog', { name: 'Delete this conversation?' })
  await question.getByRole('button', { name: 'Cancel' }).click()
  expect(stage.server.threads.has('t31')).toBe(true)
  await dialog.getByRole('button', { name: 'Actions for Renamed' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await question.getByRole('button', { name: 'Delete' }).click()
  await expect.poll(() => stage.server.threads.has('t31')).toBe(false)
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'What can I help with today?' }).waitFor()
  expect((await heard(page)).filter((name) => name.startsWith('history'))).toEqual([
    'history.open',
    'history.close',
    'history.open',
    'history.close',
  ])
})

test('the page controls it: initial thread, switching, drafts per thread, sending, updates and errors', async () => {
  stage.server.threads.clear()
  stage.server.add(past('t1', 'One', ['alpha']))
  stage.server.add(past('t2', 'Two', ['beta']))
  const page = await stage.visit({ initialThread: 't1', header: { title: { text: 'Fixed title' } } })
  const call = (method: string, ...args: unknown[]) =>
    page.evaluate(
      ([name, rest]) =>
        (window as never as { chat: Record<string, (...all: unknown[]) => Promise<void>> }).chat[name]?.(...rest),
      [method, args] as const,
    )
  await page.getByText('answer alpha').waitFor()
  await page.getByRole('heading', { name: 'Fixed title' }).waitFor()
  await composer(page).fill('a draft for one')
  await call('setThreadId', 't2')
  await page.getByText('answer beta').waitFor()
  expect(await composer(page).inputValue()).toBe('')
  await call('setComposerValue', { text: 'set by the page' })
  expect(await composer(page).inputValue()).toBe('set by the page')
  await call('setThreadId', 't1')
  expect(await composer(page).inputValue()).toBe('a draft for one')
  await call('sendUserMessage', { text: 'from the page', newThread: true, model: 'm1', toolChoice: { id: 'x' } })
  await page.locator('.md strong', { hasText: 'from the page' }).waitFor()
  expect(stage.sent('threads.create')[0]?.params).toMatchObject({
    input: { inference_options: { model: 'm1', tool_choice: { id: 'x' } } },
  })
  await call('focusComposer')
  expect(await page.evaluate(() => document.querySelector('openai-chatkit')?.shadowRoot?.activeElement?.tagName)).toBe(
    'TEXTAREA',
  )
  const last = [...stage.server.threads.values()].at(-1)
  Object.assign(last ?? {}, { status: { type: 'closed', reason: 'All done here.' } })
  await call('fetchUpdates')
  await page.getByText('All done here.').waitFor()
  expect(await composer(page).count()).toBe(0)
  await expect(call('sendUserMessage', { text: 'x' })).rejects.toThrow('All done here.')
  await call('setThreadId', 'gone')
  await page.getByRole('alert').getByText('This conversation does not exist.').waitFor()
  await say(page, 'still works')
  await page.locator('.md strong', { hasText: 'still works' }).waitFor()
  expect(
    (await seen(page))
      .filter(({ name }) => name === 'thread.change')
      .map(({ detail }) => (detail as never as { threadId: string }).threadId),
  ).toEqual(['t1', 't2', 't1', null, last?.id, 'gone', null, [...stage.server.threads.keys()].at(-1)])
})

test('a locked thread shows its reason in the composer', async () => {
  stage.server.add({ ...past('locked', 'Locked', ['x']), status: { type: 'locked', reason: 'Waiting for approval.' } })
  const page = await stage.visit({ initialThread: 'locked' })
  await page.getByPlaceholder('Waiting for approval.').waitFor()
  expect(await page.getByPlaceholder('Waiting for approval.').isDisabled()).toBe(true)
})

test('with autoScroll off a new question moves to the top and stays there', async () => {
  const page = await stage.visit({ thread: { autoScroll: false } })
  await say(page, 'first')
  await page.locator('.md strong', { hasText: 'first' }).waitFor()
  await sendButton(page).waitFor()
  await say(page, 'slow')
  await page.getByText('word word').first().waitFor()
  const top = () =>
    page
      .locator('.bubble')
      .last()
      .evaluate((bubble) => bubble.getBoundingClientRect().top)
  await expect.poll(top).toBeLessThan(140)
  await page.waitForTimeout(400)
  expect(await top()).toBeGreaterThan(50)
})
