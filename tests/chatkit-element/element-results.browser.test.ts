import { deflateSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { elementBrowser, say, violations } from '#tests/support/element/element-browser.ts'

// What a person sees of a tool's call: its request and response, its files and links.

let stage: Awaited<ReturnType<typeof elementBrowser>>
const asked: string[] = []
beforeAll(async () => {
  stage = await elementBrowser(async (run, text) => {
    const at = { thread_id: run.thread.id, created_at: new Date().toISOString() }
    const item = text === 'call' ? { type: 'workflow', workflow: CALL } : { type: 'widget', widget: CARDS[text] }
    run.send({ type: 'thread.item.done', item: { ...item, id: `i_${run.id}`, ...at } })
  })
})
afterAll(() => stage?.close())
afterEach(() => stage.leave())

const shown = (id: string, name: string, mime_type: string, size: number) => ({
  url: `/api/attachments/${id}`,
  ...{ name, mime_type, size, origin: 'crm' },
})
const ENTITY = {
  ...{ id: 'crm doc://plan', title: 'Plan', group: 'crm' },
  data: { kind: 'resource', server: 'crm', uri: 'doc://plan' },
}
const CARDS: Record<string, object> = {
  files: {
    type: 'Card',
    size: 'lg',
    children: [
      { type: 'Image', src: '/api/attachments/p?preview', file: shown('p', 'sales by month.png', 'image/png', 84_000) },
      { type: 'Row', children: [], file: shown('a', 'greeting.wav', 'audio/wav', 1_300_000) },
      { type: 'Row', children: [], file: shown('f', 'report.csv', 'text/csv', 2_048) },
      { type: 'Row', children: [], link: { ...LINK('Docs', 'https://example.com/a'), host: 'example.com' } },
      { type: 'Row', children: [], link: LINK('Click me', 'javascript:alert(1)') },
      { type: 'Caption', value: '“plan.pdf” is not kept. It is empty.' },
    ],
  },
  linked: {
    type: 'Card',
    children: [
      { type: 'Row', children: [], link: { ...LINK('Plan', 'doc://plan'), attach: ENTITY } },
      { type: 'Row', children: [], link: { ...LINK('Odd', 'doc://odd'), attach: { id: 7 } } },
    ],
  },
  forged: {
    type: 'Card',
    children: [
      { type: 'Text', value: 'Below.' },
      { type: 'Row', children: [], link: { ...LINK('Bank', 'https://evil.example/'), host: 'bank.example' } },
      { type: 'Row', children: [], link: { ...LINK('Run', 'javascript:alert(1)'), host: '' } },
      { type: 'Row', children: [], file: { ...shown('x', 'x', 'image/png', 1), url: 'https://evil.example/x.png' } },
    ],
  },
}

const CALL = {
  type: 'custom',
  expanded: false,
  summary: { duration: 2 },
  tasks: [
    {
      ...{ type: 'custom', status_indicator: 'complete', title: 'Find a customer', icon: 'check-circle' },
      ...{ content: '`{"name":"Lee"}` (1.2 s)', tool_call: { run_id: 'run_1', call_id: 'call/1' } },
    },
  ],
}
const READ = {
  ...{ server: 'crm', tool: 'find_customer', status: 'succeeded', started_at: '2026-11-29T10:00:00.000Z' },
  ...{ duration_ms: 1_234, href: '/admin/tool-calls/call_9' },
  request: { text: '{\n  "name": "Lee"\n}', bytes: 14, is_shortened: false },
  response: { text: 'Ann Lee, Bern ⟦U+202E⟧', bytes: 2_048_000, is_shortened: true },
}

function LINK(title: string, url: string) {
  return { title, url, mime_type: 'text/html', origin: 'crm' }
}

/** A picture of two colours. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const head = Buffer.alloc(4)
    head.writeUInt32BE(data.length)
    const check = Buffer.alloc(4)
    check.writeUInt32BE(crc(body))
    return Buffer.concat([head, body, check])
  }
  const size = Buffer.alloc(13)
  size.writeUInt32BE(width, 0)
  size.writeUInt32BE(height, 4)
  size.set([8, 2], 8)
  const row = (y: number) =>
    Buffer.concat([
      Buffer.from([0]),
      ...Array.from({ length: width }, (_, x) => Buffer.from(x * height > y * width ? [60, 110, 220] : [240, 190, 70])),
    ])
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, (_, y) => row(y))))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', size), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  }
  return (value ^ 0xffffffff) >>> 0
}

async function visit(text: string, options: object = {}, settings: object = {}): Promise<Page> {
  const page = await stage.visit(options, settings)
  await page.route('**/api/tool-calls/**', (route) => {
    asked.push(new URL(route.request().url()).pathname)
    return asked.length === 1 ? route.fulfill({ status: 503, json: {} }) : route.fulfill({ json: READ })
  })
  await page.route('**/api/attachments/**', (route) => route.fulfill({ contentType: 'image/png', body: png(640, 400) }))
  await say(page, text)
  return page
}

test('a picture opens large by keyboard, is saved under its name, and closes with Escape', async () => {
  const page = await visit('files')
  const open = page.getByRole('button', { name: 'Open sales by month.png' })
  await open.locator('img').evaluate((image: HTMLImageElement) => image.decode())
  await open.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'sales by month.png' })
  await dialog.waitFor()
  const save = dialog.getByRole('link', { name: 'Save sales by month.png' })
  expect(await save.getAttribute('download')).toBe('sales by month.png')
  expect(await save.getAttribute('href')).toBe('/api/attachments/p')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  expect(await open.evaluate((button) => (button.getRootNode() as ShadowRoot).activeElement === button)).toBe(true)
})

test('a recording has a player, a file a chip with size and origin, and a link says its host', async () => {
  const page = await visit('files')
  expect(await page.locator('audio').getAttribute('src')).toBe('/api/attachments/a?preview')
  await page.getByText('2 kB · from crm', { exact: true }).waitFor()
  const link = page.getByRole('link', { name: /^Docs/ })
  expect(await link.innerText()).toContain('example.com · text/html · from crm')
  expect(await link.getAttribute('rel')).toBe('noopener noreferrer')
  expect(await link.getAttribute('target')).toBe('_blank')
  expect(await page.getByRole('link', { name: /Click me/ }).count()).toBe(0)
  await page.getByText('This is not a web address, so it cannot be opened here.').waitFor()
  expect(await violations(page)).toEqual([])
})

test('a resource of a result is attached by a click, at the cursor, and sent as what it is', async () => {
  const page = await visit('linked')
  const composer = page.getByRole('textbox', { name: 'Message' })
  await composer.fill('Look at')
  const attach = page.getByRole('button', { name: 'Attach Plan to the message' })
  await attach.waitFor()
  expect(await page.getByRole('button', { name: /^Attach .* to the message$/ }).count()).toBe(1)
  await attach.click()
  expect(await composer.inputValue()).toBe('Look at @Plan ')
  await page.locator('.chips').getByText('Plan').waitFor()
  await page.keyboard.type('please')
  expect(await composer.inputValue()).toBe('Look at @Plan please')
  expect(await page.getByText('cannot be opened here').count()).toBe(1)
  expect(await violations(page)).toEqual([])
  await composer.fill('')
})

test('a widget of a server cannot pass off another host’s file or link', async () => {
  const page = await visit('forged')
  await page.getByText('Below.').waitFor()
  expect(await page.locator('.widget a').count()).toBe(0)
  expect(await page.locator('.widget img').count()).toBe(0)
})

test('a tool line opens to request, response, server and times, which are read only then and can be read again', async () => {
  const page = await visit('call', { calls: '/api/tool-calls' })
  const line = page.getByRole('button', { name: 'Find a customer' })
  await line.waitFor()
  expect(await page.getByText('find_customer').count()).toBe(0)
  await line.click()
  const details = page.getByRole('button', { name: 'Details' })
  expect(asked).toEqual([])
  await details.click()
  await page.getByRole('alert').getByText('Something went wrong').waitFor()
  await details.click()
  await details.click()
  const panel = page.locator('.call-details')
  await panel.getByText('find_customer').waitFor()
  expect(asked).toEqual(['/api/tool-calls/run_1/call%2F1', '/api/tool-calls/run_1/call%2F1'])
  expect(await panel.locator('dd').allInnerTexts()).toEqual([
    'crm · find_customer',
    expect.stringContaining('2026'),
    '1.23 sec',
  ])
  expect(await panel.getByRole('region', { name: 'Request' }).locator('pre').innerText()).toContain('"name": "Lee"')
  const response = panel.getByRole('region', { name: 'Response' })
  expect(await response.innerText()).toContain('Shortened: 2 MB in all')
  expect(await response.locator('pre').innerText()).toBe('Ann Lee, Bern ⟦U+202E⟧')
  expect(await panel.getByRole('link').getAttribute('href')).toBe('/admin/tool-calls/call_9')
  expect(await violations(page)).toEqual([])
})

test('without an address for tool calls a line opens to its content alone', async () => {
  const page = await visit('call')
  await page.getByRole('button', { name: 'Find a customer' }).click()
  await page.getByText('(1.2 s)').waitFor()
  expect(await page.getByRole('button', { name: 'Details' }).count()).toBe(0)
})
