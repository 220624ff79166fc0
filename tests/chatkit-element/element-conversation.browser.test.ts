import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { gates, scriptedAnswer } from '#tests/support/element/element-answers.ts'
import { answerText, elementBrowser, heard, say, seen, sendButton } from '#tests/support/element/element-browser.ts'

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(scriptedAnswer)
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

test('the page hears "ready" once, a message is sent once, and the answer streams in as Markdown', async () => {
  const page = await stage.visit()
  expect((await heard(page)).filter((name) => name === 'ready')).toEqual(['ready'])
  await say(page, 'hello')
  await page.locator('.md strong', { hasText: 'hello' }).waitFor()
  await sendButton(page).waitFor()
  expect(await page.locator('.md li').allTextContents()).toEqual(['one', 'two'])
  expect(await page.locator('.bubble').allTextContents()).toEqual(['hello'])
  const [request] = stage.server.requests
  expect(request).toMatchObject({
    type: 'threads.create',
    params: { input: { content: [{ type: 'input_text', text: 'hello' }], attachments: [], inference_options: {} } },
  })
  expect(request?.metadata.request_id).toMatch(/^[0-9a-f-]{36}$/)
  expect(request?.headers).toMatchObject({
    'accept-language': 'en-US',
    'x-page': 'yes',
    'content-type': 'application/json',
  })
  expect(await heard(page)).toEqual(['ready', 'response.start', 'thread.change', 'response.end'])
  await expect.poll(() => page.locator('.sr-only[role=status]').last().textContent()).toContain('You said hello .')
})

test('a tool call is a line that unfolds, the title is updated, and a footnote links to its source', async () => {
  const page = await stage.visit()
  const seenSpinning = Promise.withResolvers<void>()
  gates.set('work', seenSpinning.promise)
  await say(page, 'work')
  await page.locator('.spin').first().waitFor()
  seenSpinning.resolve()
  const line = page.getByRole('button', { name: /add_task/ })
  await page.getByText('Added the task').first().waitFor()
  expect(await line.textContent()).toMatch(/add_task3 sec/)
  await line.click()
  await page.locator('.task-details strong', { hasText: 'buy milk' }).waitFor()
  expect(await line.getAttribute('aria-expanded')).toBe('true')
  await page.getByRole('heading', { name: 'Milk' }).waitFor()
  const footnote = page.getByRole('link', { name: 'Source 1: The shop' })
  expect(await footnote.getAttribute('href')).toBe('https://shop.example/milk')
  expect(await footnote.getAttribute('rel')).toContain('noopener')
  await page.getByText('1 source').click()
  await page.getByRole('link', { name: /The shop.*shop.example/ }).waitFor()
})

test('a stop tells the server, keeps the text, and the next message works', async () => {
  const page = await stage.visit()
  await say(page, 'slow')
  await page.getByText('word word').first().waitFor()
  await page.getByRole('button', { name: 'Stop answering' }).click()
  await sendButton(page).waitFor()
  expect(stage.sent('threads.stop')).toHaveLength(1)
  const kept = await answerText(page).textContent()
  expect(kept?.length).toBeLessThan(1_500)
  await page.waitForTimeout(150)
  expect(await answerText(page).textContent()).toBe(kept)
  await say(page, 'again')
  await page.locator('.md strong', { hasText: 'again' }).waitFor()
})

test('a failure is a sentence with Retry, which asks again after the same message', async () => {
  const page = await stage.visit()
  await say(page, 'fail')
  const alert = page.getByRole('alert')
  await alert.getByText('The model is tired.').waitFor()
  await page.getByRole('button', { name: 'Retry' }).first().click()
  await page.getByText('Better now.').first().waitFor()
  expect(await alert.count()).toBe(0)
  expect(stage.sent('threads.retry_after_item')[0]?.params.item_id).toMatch(/^msg_/)
  expect(await heard(page)).toContain('error')
  await page.getByRole('button', { name: 'Good answer' }).click()
  await expect
    .poll(() => stage.sent('items.feedback')[0]?.params)
    .toMatchObject({ kind: 'positive', item_ids: [expect.stringMatching(/^a_/)] })
})

test('client tools run in the page, and one that throws still returns a result', async () => {
  const page = await stage.visit()
  await say(page, 'call double')
  await page.getByText('The page said: {"name":"double","doubled":42}').first().waitFor()
  expect((await heard(page)).filter((name) => name.startsWith('response'))).toEqual(['response.start', 'response.end'])
  await say(page, 'call broken')
  await page.getByText('The page said: {"error":"The tool broke."}').first().waitFor()
})

test('effects, notices and deep links reach the page', async () => {
  const page = await stage.visit()
  await say(page, 'effect')
  await page.locator('.notice strong', { hasText: 'door' }).waitFor()
  await page.getByRole('link', { name: 'this' }).click()
  const events = await seen(page)
  expect(events).toContainEqual({ name: 'effect', detail: { name: 'confetti', data: { pieces: 3 } } })
  expect(events).toContainEqual({ name: 'deeplink', detail: { name: 'task/open', data: { id: '7' } } })
})

test('a widget is drawn, its button acts, and an unknown component shows its text', async () => {
  const page = await stage.visit()
  await say(page, 'widget')
  await page.getByText('from the future').waitFor()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByText('Acted: {"type":"done","payload":{"id":7}}').first().waitFor()
  expect(stage.sent('threads.custom_action')[0]?.params.item_id).toMatch(/^w_/)
})

test('columns are aligned, lists start at their number, and code and tables can be scrolled with the keyboard', async () => {
  const page = await stage.visit()
  await say(page, 'table')
  const cell = page.getByRole('cell', { name: '5 €' })
  await cell.waitFor()
  await sendButton(page).waitFor()
  expect(await cell.evaluate((element) => getComputedStyle(element).textAlign)).toBe('end')
  expect(await page.locator('.md ol').getAttribute('start')).toBe('3')
  expect(
    await page.locator('.md pre, .md-table').evaluateAll((all) => all.map((one) => (one as HTMLElement).tabIndex)),
  ).toEqual([0, 0])
})
