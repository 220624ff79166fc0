import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { speak } from '#tests/support/element/element-answers.ts'
import { elementBrowser, say, violations } from '#tests/support/element/element-browser.ts'
import { HELLO, pdfFile, pdfOf } from '#tests/support/pdf.ts'

// Files of a message, opened over the chat.

const options = {
  api: { url: '/chatkit', domainKey: 'ignored', uploadStrategy: { type: 'two_phase' } },
  composer: { attachments: { enabled: true } },
  files: '/files',
}
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
/** A page with a link, a form and a script of its own, which nothing may follow or run. */
const ACTIVE_PDF = pdfOf(HELLO, {
  more: [
    '<< /S /JavaScript /JS (app.alert\\(1\\)) >>',
    '<< /Type /Annot /Subtype /Link /Rect [0 0 200 200] /A << /S /URI /URI (http://127.0.0.1:9/x) >> >>',
  ],
})

let stage: Awaited<ReturnType<typeof elementBrowser>>
beforeAll(async () => {
  stage = await elementBrowser((run) => speak(run, 'Seen.'))
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

async function sendFiles(page: Page, files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
  await page.locator('.file-input').setInputFiles(files)
  await expect.poll(() => page.locator('.file-chip.is-done').count()).toBe(files.length)
  await say(page, 'look')
  await page.getByText('Seen.').first().waitFor()
}

const open = (page: Page, name: string) => page.getByRole('button', { name: `Open ${name}` }).click()

test('a picture, a text and a document open over the chat, can be saved, and close with Escape', async () => {
  const page = await stage.visit(options)
  await sendFiles(page, [
    { name: 'sunset.png', mimeType: 'image/png', buffer: PNG },
    { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from(`first line\n${HOSTILE}`) },
    { name: 'plan.docx', mimeType: 'application/x-office', buffer: Buffer.from('an extract') },
  ])
  const opener = page.getByRole('button', { name: 'Open sunset.png' })
  await opener.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('img', { name: 'sunset.png' }).waitFor()
  expect(await dialog.getByRole('link', { name: 'Save sunset.png' }).getAttribute('href')).toMatch(/^\/files\/atc_/)
  expect(await violations(page)).toEqual([])
  await page.keyboard.press('Escape')
  expect(await dialog.count()).toBe(0)
  await expect.poll(() => opener.evaluate((button) => button.matches(':focus'))).toBe(true)

  await open(page, 'page.html')
  await expect.poll(() => dialog.locator('pre').textContent()).toBe(`first line\n${HOSTILE}`)
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  expect(await violations(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Close' }).click()

  await open(page, 'plan.docx')
  await dialog.getByText('This is the text of the document').waitFor()
  await dialog.getByText('an extract').waitFor()
})

test('the pages of a PDF are drawn in a worker, with their text for a screen reader, and nothing in it runs', async () => {
  const page = await stage.visit(options)
  await sendFiles(page, [{ name: 'paper.pdf', mimeType: 'application/pdf', buffer: ACTIVE_PDF }])
  await open(page, 'paper.pdf')
  const sheet = page.getByRole('region', { name: 'Page 1 of 1' })
  await sheet.getByRole('img').waitFor()
  expect(await sheet.locator('.sr-only').textContent()).toBe('Hello')
  const ink = await sheet.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const context = canvas.getContext('2d') as CanvasRenderingContext2D
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    return data.some((value, at) => at % 4 === 0 && value < 100)
  })
  expect(ink, 'the letters are there').toBe(true)
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Close' }).click()
  await expect.poll(() => page.workers().length).toBe(0)
})

test('the worker of PDF files reaches nobody, and a file that cannot be shown says so', async () => {
  const page = await stage.visit(options)
  const empty = pdfFile(['<< /Type /Catalog >>'])
  await sendFiles(page, [
    { name: 'broken.pdf', mimeType: 'application/pdf', buffer: empty },
    { name: 'paper.pdf', mimeType: 'application/pdf', buffer: pdfOf(HELLO) },
  ])
  await open(page, 'broken.pdf')
  await page.getByRole('alert').getByText('This file cannot be shown here. Save it to open it.').waitFor()
  await page.keyboard.press('Escape')
  await open(page, 'paper.pdf')
  await page.getByRole('region', { name: 'Page 1 of 1' }).getByRole('img').waitFor()
  // As text: the test's own transformation would change the import.
  const reach = `Promise.allSettled([fetch('${stage.server.origin}/'), fetch('/files/x'), import('${stage.server.origin}/page.js')])`
  const reached = await page.workers()[0]?.evaluate(`${reach}.then((tries) => tries.map(({ status }) => status))`)
  expect(reached).toEqual(['rejected', 'rejected', 'rejected'])
})

test('without the page’s address of files, they do not open', async () => {
  const page = await stage.visit({ ...options, files: undefined })
  await sendFiles(page, [{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('x') }])
  await page.locator('.question').getByText('notes.txt').waitFor()
  expect(await page.getByRole('button', { name: 'Open notes.txt' }).count()).toBe(0)
})
