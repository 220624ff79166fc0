import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { scriptedAnswer } from '#tests/support/element/element-answers.ts'
import {
  answerText,
  barriers,
  composer,
  elementBrowser,
  say,
  sendButton,
} from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

test('an edited message is sent in the place of the old one, and arrows lead between the versions', async () => {
  const page = await stage.visit({ versions: 'on' })
  await say(page, 'first')
  await page.locator('.md strong', { hasText: 'first' }).waitFor()
  await sendButton(page).waitFor()
  await say(page, 'second')
  await page.locator('.md strong', { hasText: 'second' }).waitFor()
  await sendButton(page).waitFor()

  // By keyboard: the button, the field with the text, and back with Escape.
  const edit = page.getByRole('button', { name: 'Edit' })
  await edit.first().focus()
  await page.keyboard.press('Enter')
  const field = page.locator('.edit textarea')
  expect(await field.inputValue()).toBe('first')
  expect(await barriers(page)).toEqual([])
  await page.keyboard.press('Escape')
  expect(await field.count()).toBe(0)
  await expect
    .poll(() => edit.first().evaluate((it) => it === (it.getRootNode() as ShadowRoot).activeElement))
    .toBe(true)
  await page.keyboard.press('Enter')
  await field.fill('changed')
  await page.keyboard.press('Enter')
  await page.locator('.md strong', { hasText: 'changed' }).waitFor()
  await sendButton(page).waitFor()
  const bubbles = () => page.locator('.bubble').allTextContents()
  expect(await bubbles()).toEqual(['changed'])
  const [, , edited] = [...stage.sent('threads.create'), ...stage.sent('threads.add_user_message')]
  expect(edited?.params).toMatchObject({ replaces: /^msg_/, input: { content: [{ text: 'changed' }] } })

  const versions = page.getByRole('group', { name: 'Version 2 of 2' })
  expect(await versions.textContent()).toBe('2/2')
  expect(await barriers(page)).toEqual([])
  const before = versions.getByRole('button', { name: 'Previous version' })
  await before.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('group', { name: 'Version 1 of 2' }).waitFor()
  expect(await bubbles()).toEqual(['first', 'second'])
  // The focus stays on the arrows, and the first version has none before it.
  const focused = () =>
    page.evaluate(() => document.querySelector('openai-chatkit')?.shadowRoot?.activeElement?.getAttribute('aria-label'))
  await expect.poll(focused).toBe('Previous version')
  await page.keyboard.press('Enter')
  expect(stage.sent('threads.choose_branch')).toHaveLength(1)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('group', { name: 'Version 2 of 2' }).waitFor()
  expect(await bubbles()).toEqual(['changed'])
})

test('an edit stops the running answer first', async () => {
  const page = await stage.visit({ versions: 'on' })
  await say(page, 'slow')
  await page.getByText('word word').first().waitFor()
  await page.locator('.question').hover()
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.locator('.edit textarea').fill('quick')
  await page.locator('.edit').getByRole('button', { name: 'Send message' }).click()
  await page.locator('.md strong', { hasText: 'quick' }).waitFor()
  expect(stage.server.requests.map(({ type }) => type).filter((type) => /stop|message/.test(type))).toEqual([
    'threads.stop',
    'threads.add_user_message',
  ])
  expect(await page.locator('.bubble').allTextContents()).toEqual(['quick'])
})

test('a refused edit brings the old messages back, and its text to the composer', async () => {
  const page = await stage.visit({ versions: 'on' })
  await say(page, 'first')
  await page.locator('.md strong', { hasText: 'first' }).waitFor()
  await sendButton(page).waitFor()
  stage.server.refusals.set('threads.add_user_message', {
    status: 413,
    body: JSON.stringify({ message: 'That is too long.' }),
  })
  await page.locator('.question').hover()
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.locator('.edit textarea').fill('too long')
  await page.keyboard.press('Enter')
  await page.getByText('That is too long.').first().waitFor()
  expect(await page.locator('.bubble').allTextContents()).toEqual(['first'])
  expect(await composer(page).inputValue()).toBe('too long')
})

test('a message and its answer are deleted after a question; the others stay', async () => {
  const page = await stage.visit({ versions: 'on' })
  for (const text of ['one', 'two']) {
    await say(page, text)
    await page.locator('.md strong', { hasText: text }).waitFor()
    await sendButton(page).waitFor()
  }
  await page.locator('.question').first().hover()
  await page.getByRole('button', { name: 'Delete message and answer' }).first().click()
  const question = page.getByRole('alertdialog', { name: 'Delete this message and its answer?' })
  expect(await barriers(page)).toEqual([])
  await page.keyboard.press('Escape')
  expect(await question.count()).toBe(0)
  await page.locator('.question').first().hover()
  await page.getByRole('button', { name: 'Delete message and answer' }).first().click()
  await question.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect.poll(() => page.locator('.bubble').allTextContents()).toEqual(['two'])
})

test('own messages are copied, brought back by the up arrow, and what is selected is quoted', async () => {
  const page = await stage.visit({}, { permissions: ['clipboard-read', 'clipboard-write'] })
  await say(page, 'hello')
  await page.locator('.md strong', { hasText: 'hello' }).waitFor()
  await sendButton(page).waitFor()
  // A server that keeps no versions is not asked for them.
  expect(await page.getByRole('button', { name: 'Edit' }).count()).toBe(0)
  await page.locator('.question').hover()
  await page.locator('.question').getByRole('button', { name: 'Copy' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('hello')

  await composer(page).press('ArrowUp')
  expect(await composer(page).inputValue()).toBe('hello')
  await composer(page).fill('a text of mine')
  await composer(page).press('ArrowUp')
  expect(await composer(page).inputValue()).toBe('a text of mine')

  await answerText(page).locator('strong').dblclick()
  const quote = page.getByRole('button', { name: 'Quote' })
  await quote.waitFor()
  expect(await barriers(page)).toEqual([])
  await quote.click()
  expect(await page.locator('.chips').textContent()).toContain('hello')
  await composer(page).press('Enter')
  await expect.poll(() => stage.sent('threads.add_user_message').length).toBe(1)
  expect(stage.sent('threads.add_user_message')[0]?.params).toMatchObject({ input: { quoted_text: 'hello' } })
})

test('a message and an answer are kept in the context, marked, and let go again', async () => {
  const page = await stage.visit({ pins: 'on' })
  await say(page, 'first')
  await page.locator('.md strong', { hasText: 'first' }).waitFor()
  await sendButton(page).waitFor()
  const keep = page.getByRole('button', { name: 'Keep in context', exact: true })
  const marks = page.locator('.pin-mark')
  expect(await keep.count()).toBe(2)
  await keep.last().focus()
  await page.keyboard.press('Enter')
  await page.locator('.answer + .pin-mark', { hasText: 'Kept in context' }).waitFor()
  // The focus stays on the button, which now lets go.
  const focused = () =>
    page.evaluate(() => document.querySelector('openai-chatkit')?.shadowRoot?.activeElement?.getAttribute('aria-label'))
  await expect.poll(focused).toBe('Stop keeping in context')
  await page.locator('.question').hover()
  await keep.click()
  await page.locator('.question .pin-mark').waitFor()
  expect(await marks.count()).toBe(2)
  // What fades in has too little contrast on its way.
  await expect.poll(() => barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'Stop keeping in context' }).first().click()
  await expect.poll(() => marks.count()).toBe(1)
  const sent = stage.sent('items.pin').map(({ params }) => params as { item_ids: string[]; pinned: boolean })
  expect(sent.map(({ pinned }) => pinned)).toEqual([true, true, false])
  expect(sent[1]?.item_ids).toEqual(sent[2]?.item_ids)
  // What the server refuses is said, and nothing is marked.
  const message = 'At most 10 messages can be kept.'
  stage.server.refusals.set('items.pin', { status: 409, body: JSON.stringify({ message }) })
  await page.locator('.question').hover()
  await keep.click()
  await page.getByText(message).waitFor()
  expect(await marks.count()).toBe(1)
})
