import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { elementBrowser, say, seen } from '#tests/support/element/element-browser.ts'
import type { Run } from '#tests/support/element/fake-chatkit.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const picture = { name: 'sunset.png', mimeType: 'image/png', buffer: PNG }
const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('buy milk') }
const api = (uploadStrategy: object) => ({ url: '/chatkit', domainKey: 'ignored', uploadStrategy })
const twoPhase = (attachments: object = {}) => ({
  api: api({ type: 'two_phase' }),
  composer: { attachments: { enabled: true, ...attachments } },
})

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser(answer)
})
afterAll(() => stage?.close())
afterEach(async () => {
  await stage.leave()
  Object.assign(stage.server.uploading, { half: null, gate: null, refuse: null, method: 'PUT' })
})

async function answer(run: Run): Promise<void> {
  const content = [{ type: 'output_text', text: 'Seen.', annotations: [] }]
  const item = {
    type: 'assistant_message',
    id: `a_${run.id}`,
    thread_id: run.thread.id,
    created_at: new Date().toISOString(),
    content,
  }
  run.send({ type: 'thread.item.done', item })
}

const pick = (page: Page, files: (typeof picture)[]) => page.locator('.file-input').setInputFiles(files)
const send = (page: Page) => page.getByRole('button', { name: 'Send message' })

test('files are uploaded in two steps while a person writes, and only their ids are sent with the message', async () => {
  const page = await stage.visit(twoPhase())
  const gate = Promise.withResolvers<void>()
  stage.server.uploading.gate = gate.promise
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add photos and files' }).click()
  await (await chooser).setFiles([picture, text])
  await page.getByRole('img', { name: 'sunset.png' }).waitFor()
  await page.getByRole('progressbar', { name: 'Uploading notes.txt' }).waitFor()
  await page.getByRole('textbox', { name: 'Message' }).fill('look')
  await page.keyboard.press('Enter')
  expect(await send(page).isDisabled(), 'a message waits for its files').toBe(true)
  expect(stage.sent('threads.create')).toHaveLength(0)
  gate.resolve()
  await expect.poll(() => send(page).isEnabled()).toBe(true)
  await send(page).click()
  await page.getByText('Seen.').first().waitFor()
  const ids = [...stage.server.attachments.keys()]
  expect(stage.sent('threads.create')[0]?.params.input).toMatchObject({ content: [{ text: 'look' }], attachments: ids })
  expect(stage.sent('attachments.create').map(({ params }) => params)).toEqual([
    { name: 'sunset.png', size: PNG.length, mime_type: 'image/png' },
    { name: 'notes.txt', size: 8, mime_type: 'text/plain' },
  ])
  const uploaded = stage.server.uploads.get(ids[1] ?? '')
  expect(uploaded).toMatchObject({ method: 'PUT', headers: { 'x-signed': ids[1] } })
  expect(uploaded?.body.toString()).toBe('buy milk')
  const question = page.locator('.question').last()
  await question.getByRole('img', { name: 'sunset.png' }).waitFor()
  expect(await question.getByText('notes.txt').isVisible()).toBe(true)
  expect(await page.locator('.file-chip').count()).toBe(0)
})

test('a POST descriptor gets a form upload; the direct strategy uses the page’s fetch', async () => {
  stage.server.uploading.method = 'POST'
  const page = await stage.visit(twoPhase())
  await pick(page, [text])
  await expect.poll(() => send(page).isEnabled()).toBe(true)
  const [sent] = [...stage.server.uploads.values()].slice(-1)
  expect(sent).toMatchObject({
    method: 'POST',
    headers: { 'content-type': expect.stringContaining('multipart/form-data') },
  })
  expect(sent?.body.toString()).toContain('name="file"; filename="notes.txt"')
  await stage.leave()
  const direct = await stage.visit({ ...twoPhase(), api: api({ type: 'direct', uploadUrl: '/upload/direct' }) })
  await pick(direct, [text])
  await expect.poll(() => send(direct).isEnabled()).toBe(true)
  expect(stage.sent('attachments.create')).toHaveLength(0)
  await say(direct, 'here')
  await direct.getByText('Seen.').first().waitFor()
  expect(stage.sent('threads.create')[0]?.params.input).toMatchObject({ attachments: [expect.stringMatching(/^atc_/)] })
  await direct.locator('.question').getByText('direct.txt').waitFor()
})

test('a long upload shows its progress', async () => {
  const page = await stage.visit(twoPhase())
  const half = Promise.withResolvers<void>()
  stage.server.uploading.half = half.promise
  await page.evaluate(() => {
    const { chat } = window as never as { chat: { setComposerValue: (value: { files: File[] }) => Promise<void> } }
    return chat.setComposerValue({ files: [new File([new Uint8Array(40 * 1024 * 1024)], 'film.bin')] })
  })
  const chip = page.locator('.file-chip')
  await chip.getByText(/^\d+% · 40 MB$/).waitFor()
  expect(Number(await page.getByRole('progressbar').getAttribute('aria-valuenow'))).toBeLessThan(100)
  half.resolve()
  await chip.getByText(/^40 MB$/).waitFor()
})

test('a file that is too large, one too many, empty or of a wrong type is refused with a reason and never sent', async () => {
  const page = await stage.visit(
    twoPhase({
      maxSize: { 'image/*': 10, '*': 1_000 },
      maxCount: 1,
      accept: { 'image/*': ['.png'], 'text/plain': ['.txt'] },
    }),
  )
  const alert = page.locator('.composer-refusal')
  await pick(page, [picture])
  await alert.getByText('sunset.png is too large; the limit is 10 bytes.').waitFor()
  await pick(page, [{ name: 'tool.exe', mimeType: 'application/x-msdownload', buffer: PNG }])
  await alert.getByText('tool.exe is not a kind of file').waitFor()
  await pick(page, [{ ...text, buffer: Buffer.alloc(0) }])
  await alert.getByText('notes.txt is empty.').waitFor()
  await pick(page, [text])
  await pick(page, [{ ...text, name: 'more.txt' }])
  await alert.getByText('Only one file can be attached.').waitFor()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  expect(await alert.count()).toBe(0)
  expect(stage.sent('attachments.create')).toHaveLength(1)
})

test('a failed upload shows its reason, blocks sending and can be retried; a removed file is deleted from the server', async () => {
  const page = await stage.visit(twoPhase())
  stage.server.uploading.refuse = { status: 503, message: 'The disk is full.' }
  await pick(page, [text])
  await page.locator('.file-chip').getByText('The disk is full.').waitFor()
  const refusal = page
    .locator('.composer-refusal')
    .getByText('Remove the file that could not be attached, or try to attach it again.')
  await send(page).click()
  await refusal.waitFor()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await page.getByRole('textbox', { name: 'Message' }).fill('look')
  await page.keyboard.press('Enter')
  await refusal.waitFor()
  expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('look')
  expect(stage.sent('threads.create')).toHaveLength(0)
  await page.getByRole('button', { name: 'Upload notes.txt again' }).click()
  await page.locator('.file-chip.is-done').waitFor()
  expect(await refusal.count()).toBe(0)
  const [first, second] = [...new Set(stage.server.uploads.keys())].slice(-2)
  await page.getByRole('button', { name: 'Remove notes.txt' }).click()
  await expect.poll(() => stage.sent('attachments.delete').length).toBe(2)
  expect(first).not.toBe(second)
  expect(stage.server.attachments.has(second ?? '')).toBe(false)
  const gate = Promise.withResolvers<void>()
  stage.server.uploading.gate = gate.promise
  await pick(page, [text])
  await page.getByRole('progressbar').waitFor()
  await page.getByRole('button', { name: 'Remove notes.txt' }).click()
  await expect.poll(() => stage.sent('attachments.delete').length).toBe(3)
  gate.resolve()
  expect(await page.locator('.file-chip').count()).toBe(0)
})

test.each([
  [413, 'This file is too large.', 'This file is too large.'],
  [422, undefined, 'The file could not be uploaded.'],
])('a file that is refused for good (%i) can only be removed', async (status, message, shown) => {
  const page = await stage.visit(twoPhase())
  stage.server.uploading.refuse = { status, ...(message && { message }) }
  await pick(page, [text])
  await page.locator('.file-chip.is-failed').getByText(shown).waitFor()
  expect(await page.getByRole('button', { name: 'Upload notes.txt again' }).count()).toBe(0)
  await send(page).click()
  await page
    .locator('.composer-refusal')
    .getByText('Remove the file that could not be attached. Then send your message.')
    .waitFor()
  await page.getByRole('button', { name: 'Remove notes.txt' }).click()
  await expect.poll(() => page.locator('.file-chip').count()).toBe(0)
})

test('files can be dropped, pasted and handed over by the page', async () => {
  const page = await stage.visit(twoPhase())
  const files = () => page.locator('.file-chip').count()
  await page.evaluate(() => {
    const root = document.querySelector('openai-chatkit')?.shadowRoot?.querySelector('.root')
    const data = new DataTransfer()
    data.items.add(new File(['a'], 'dropped.txt', { type: 'text/plain' }))
    root?.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true }))
    Object.assign(window, {
      drop: () => root?.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })),
    })
  })
  await page.getByText('Drop files here').waitFor()
  await page.evaluate(() => (window as never as { drop: () => void }).drop())
  await page.getByText('dropped.txt').waitFor()
  expect(await page.getByText('Drop files here').count()).toBe(0)
  await page.evaluate(() => {
    const field = document.querySelector('openai-chatkit')?.shadowRoot?.querySelector('textarea')
    const paste = (parts: [string, string][], name?: string) => {
      const clipboardData = new DataTransfer()
      for (const [type, value] of parts) clipboardData.setData(type, value)
      if (name) clipboardData.items.add(new File(['b'], name, { type: 'text/csv' }))
      field?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    }
    paste([], 'pasted.csv')
    paste([['text/plain', 'words']], 'picture-of-the-words.csv')
  })
  await page.getByText('pasted.csv').waitFor()
  expect(await files()).toBe(2)
  await page.evaluate(async () => {
    const { chat } = window as never as { chat: { setComposerValue: (value: object) => Promise<void> } }
    await chat.setComposerValue({ files: [new File(['c'], 'handed.txt', { type: 'text/plain' })] })
  })
  await page.getByText('handed.txt').waitFor()
  await expect.poll(() => send(page).isEnabled()).toBe(true)
})

test('files stay with their draft and return with a refused message; without the option there is no file input', async () => {
  const page = await stage.visit(twoPhase())
  stage.server.add({ id: 'thr_other', title: 'Other' })
  await pick(page, [text])
  await expect.poll(() => send(page).isEnabled()).toBe(true)
  const open = (id: string | null) =>
    page.evaluate(
      (threadId) =>
        (window as never as { chat: { setThreadId: (id: string | null) => Promise<void> } }).chat.setThreadId(threadId),
      id,
    )
  await open('thr_other')
  expect(await page.locator('.file-chip').count()).toBe(0)
  await open(null)
  await page.locator('.file-chip').getByText('notes.txt').waitFor()
  stage.server.refusals.set('threads.create', { status: 429, body: JSON.stringify({ message: 'Slow down.' }) })
  await send(page).click()
  await page.getByText('Slow down.').waitFor()
  await page.locator('.question', { hasText: 'Not sent' }).getByText('notes.txt').waitFor()
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.locator('.file-chip').getByText('notes.txt').waitFor()
  await send(page).click()
  await page.getByText('Seen.').first().waitFor()
  expect(stage.sent('threads.create').at(-1)?.params.input).toMatchObject({
    content: [],
    attachments: [expect.any(String)],
  })
  expect(await page.locator('.question .bubble').count(), 'a message of files alone has no empty bubble').toBe(0)
  await stage.leave()
  const plain = await stage.visit()
  expect(await plain.locator('.file-input').count()).toBe(0)
  expect((await seen(plain)).filter(({ name }) => name === 'error')).toEqual([])
})

test('a long text that is pasted stays in the message until the person makes it a file', async () => {
  const page = await stage.visit(twoPhase({ maxCount: 2 }))
  const long = 'A line of words.\n'.repeat(200)
  const paste = (words: string) =>
    page.locator('openai-chatkit textarea').evaluate((field: HTMLTextAreaElement, pasted) => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', pasted.replaceAll('\n', '\r\n'))
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
      // What the browser does after a trusted event.
      field.setRangeText(pasted, field.selectionStart, field.selectionEnd, 'end')
      field.dispatchEvent(new InputEvent('input', { bubbles: true }))
    }, words)
  const offer = page.getByRole('button', { name: 'Attach the pasted text as a file' })
  const field = page.getByRole('textbox', { name: 'Message' })
  await field.fill('See: ')
  await paste('short')
  expect(await offer.count()).toBe(0)
  await paste(long)
  await offer.waitFor()
  expect(await field.inputValue()).toBe(`See: short${long}`)
  await offer.focus()
  await page.keyboard.press('Enter')
  await page.locator('.file-chip.is-done').getByText('pasted-text.txt').waitFor()
  expect(await field.inputValue()).toBe('See: short')
  expect(await field.evaluate((element) => element.matches(':focus'))).toBe(true)
  expect(await offer.count()).toBe(0)
  expect([...stage.server.uploads.values()].at(-1)?.body.toString()).toBe(long)
  await paste(long)
  await offer.click()
  await page.locator('.file-chip.is-done').getByText('pasted-text-2.txt').waitFor()
  await paste(long)
  await offer.click()
  await page.getByText('Only 2 files can be attached.').waitFor()
  expect(await field.inputValue(), 'a refused file leaves the text').toBe(`See: short${long}`)
})

test('several files say how many are uploaded, and those that failed are tried again at once', async () => {
  const page = await stage.visit(twoPhase())
  stage.server.refusals.set('attachments.create', { status: 503, body: JSON.stringify({ message: 'Try later.' }) })
  await pick(page, [text])
  await page.locator('.file-chip').getByText('Try later.').waitFor()
  stage.server.refusals.set('attachments.create', { status: 503, body: JSON.stringify({ message: 'Try later.' }) })
  await pick(page, [{ ...text, name: 'more.txt' }])
  await expect.poll(() => page.locator('.file-chip').getByText('Try later.').count()).toBe(2)
  await page.getByText('0 of 2 uploaded').waitFor()
  await page.getByRole('button', { name: 'Try all again' }).click()
  await expect.poll(() => page.locator('.file-chip.is-done').count()).toBe(2)
  expect(await page.getByText('of 2 uploaded').count()).toBe(0)
})
