import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GET, PUT } from '#app/api/attachments/[id]/route.ts'
import { makeAttachmentReader } from '#lib/agent/input/attachment-reader.ts'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { createAttachmentStore } from '#lib/data/attachments/attachment-records.ts'
import { env } from '#lib/platform/env.ts'
import { door } from '#tests/support/chatkit/chatkit.ts'
import { HELLO, lockedPdf, pdfFile, pdfOf } from '#tests/support/pdf.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// What people attach. The bytes decide what a file is, and images and PDFs are opened before they
// are accepted.

let folder: string
let ann: Awaited<ReturnType<typeof signedIn>>
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'attachment-files-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => {
  withSettings({ ATTACHMENTS_DIR: folder, ATTACHMENT_MAX_MB: '20' })
  ann = await signedIn()
})

const params = (id: string) => ({ params: Promise.resolve({ id }) })
const request = (id: string, init: RequestInit = {}) =>
  new Request(`${env().APP_URL}/api/attachments/${id}`, { ...init, headers: ann.headers })

/**
 * Attaches a file as the chat does: announces it, then sends its bytes. Returns the attachment, or
 * the status and sentence of the refusal.
 */
async function attach(
  name: string,
  mime_type: string,
  bytes: Uint8Array,
): Promise<Attachment & { message?: string; refused?: number }> {
  const { status, data } = await door(ann)({
    type: 'attachments.create',
    params: { name, size: bytes.length, mime_type },
  })
  if (status !== 200) return { ...(data as Attachment), refused: status }
  const { id } = data as Attachment
  const answer = await PUT(request(id, { method: 'PUT', body: new Uint8Array(bytes) }), params(id))
  return { ...(await answer.json()), ...(answer.status !== 200 && { refused: answer.status }) }
}

/** What the model reads of a file. */
async function read({ id }: Attachment): Promise<string> {
  const parts = await makeAttachmentReader(ann.caller)(await createAttachmentStore(ann.caller).load(id))
  return parts.map((part) => (part.type === 'input_text' ? part.text : part.type)).join('')
}

const latin = (text: string) => Buffer.from([...text].map((char) => (char === '€' ? 0x80 : (char.codePointAt(0) ?? 0))))
const SHIFT_JIS = Buffer.from('93fa967b8cea8365834c83588367814882cd82a28142', 'hex')
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()
const picture = (format: 'png' | 'jpeg' | 'gif' | 'webp', width = 64) =>
  sharp({ create: { width, height: 64, channels: 3, background: 'teal' } })
    .toFormat(format)
    .toBuffer()

describe('the bytes decide', () => {
  test.each([
    ['people.csv', 'application/vnd.ms-excel', 'text/plain'],
    ['main.ts', 'video/mp2t', 'text/plain'],
    ['old.js', 'application/x-javascript', 'text/plain'],
    ['stage.mts', 'model/vnd.mts', 'text/plain'],
    ['run.sh', 'application/x-shellscript', 'text/plain'],
    ['letter.eml', 'message/rfc822', 'text/plain'],
    ['notes.md', 'text/markdown', 'text/markdown'],
    ['data.json', 'application/json; charset=utf-8', 'application/json'],
    ['bmw.csv', 'text/csv', 'text/csv'],
  ])('%s that the browser calls %s is text', async (name, type, stored) => {
    // "BM" and "MZ" are also the first bytes of bitmaps and programs.
    const text = name === 'bmw.csv' ? 'BM;MZ\n1;2\n' : 'a;b\n1;2\n'
    const attachment = await attach(name, type, Buffer.from(text))
    expect(attachment).toMatchObject({ type: 'file', name, mime_type: stored })
    expect(await read(attachment)).toContain(text)
  })

  test('an image or a PDF with another type is stored as what it is', async () => {
    expect(await attach('photo.jpg', 'image/jpeg', await picture('webp'))).toMatchObject({
      type: 'image',
      mime_type: 'image/webp',
    })
    expect(await attach('scan.txt', 'text/plain', await picture('png'))).toMatchObject({
      type: 'image',
      mime_type: 'image/png',
      preview_url: expect.stringContaining('?preview'),
    })
    expect(await attach('paper.pdf', 'application/force-download', pdfOf(HELLO))).toMatchObject({
      type: 'file',
      mime_type: 'application/pdf',
    })
  })

  test.each([
    ['film.mp4', 'video/mp4'],
    ['drawing.svg', 'image/svg+xml'],
    ['song', 'audio/mpeg'],
  ])('%s is refused before it is uploaded', async (name, type) => {
    expect(await attach(name, type, Buffer.from('x'))).toMatchObject({
      refused: 415,
      message: expect.stringContaining(type.slice(0, 60)),
    })
  })

  test('a binary that claims to be a spreadsheet or a text is refused', async () => {
    const zip = Buffer.from('504b0304140000000800000021000000000000000000000000000000', 'hex')
    expect(await attach('people.csv', 'application/vnd.ms-excel', zip)).toMatchObject({ refused: 415 })
    expect(
      await attach(
        'noise.txt',
        'text/plain',
        Buffer.from(Array.from({ length: 600 }, (_, at) => 1 + ((at * 73) % 255))),
      ),
    ).toMatchObject({
      refused: 415,
    })
  })

  test.each([
    [
      'UTF-16 little-endian',
      Buffer.from('\ufeffName;Ort\r\nMüller;Köln', 'utf16le'),
      'Name;Ort\r\nMüller;Köln',
      'utf-16le',
    ],
    ['UTF-16 big-endian', utf16be('\ufeffHällo 日本'), 'Hällo 日本', 'utf-16be'],
    [
      'UTF-16 without a byte order mark',
      Buffer.from('Name;Ort\r\nAnn;Wien', 'utf16le'),
      'Name;Ort\r\nAnn;Wien',
      'utf-16le',
    ],
    ['Windows-1252', latin('Name;Preis\nMüller;5,00 €\nJürgen Größe;3 €\n'), 'Müller;5,00 €', 'windows-1252'],
    ['Latin-1', latin('Prénom;Été\nHélène;déjà vu à Orléans\n'), 'Hélène;déjà vu', 'windows-1252'],
    ['Shift_JIS', SHIFT_JIS, '日本語テキスト', 'shift_jis'],
    [
      'Windows-1251',
      Buffer.from('cff0e8e2e5f220ece8f02c20eae0ea20e4e5ebe03f', 'hex'),
      'Привет мир, как дела?',
      'windows-1251',
    ],
    ['UTF-8 with a byte order mark', Buffer.from('\ufeffÄpfel'), 'Äpfel', 'utf-8'],
  ])('%s is recognised and read', async (_, bytes, text, charset) => {
    const attachment = await attach('list.csv', 'application/vnd.ms-excel', bytes)
    expect(await read(attachment)).toContain(text)
    const answer = await GET(request(attachment.id), params(attachment.id))
    expect(answer.headers.get('content-type')).toBe(`text/plain; charset=${charset}`)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
  })

  test.each([
    ['نامه‌ها.txt', 'نامه‌ها.txt'],
    ['क्‍ष.txt', 'क्‍ष.txt'],
    ['👩‍👩‍👧.txt', '👩‍👩‍👧.txt'],
    ['a\u202egnp.exe\u2066.txt', 'agnp.exe.txt'],
    ['\u200d\u200dx\u200d\u200dy.txt\u200c', 'x\u200dy.txt'],
    ['../../\u200b\u0007n.txt', 'n.txt'],
  ])('the name %j stays readable', async (given, kept) => {
    expect(await attach(given, 'text/plain', Buffer.from('x'))).toMatchObject({ name: kept })
  })
})

describe('images and PDFs are opened', { timeout: 60_000 }, () => {
  test.each(['png', 'jpeg', 'gif', 'webp'] as const)(
    'a whole %s is accepted, and half of it is refused',
    async (format) => {
      const whole = await picture(format, 900)
      expect(await attach(`a.${format}`, `image/${format}`, whole)).toMatchObject({ mime_type: `image/${format}` })
      expect(
        await attach(`a.${format}`, `image/${format}`, whole.subarray(0, Math.floor(whole.length / 2))),
      ).toMatchObject({
        refused: 415,
        message: expect.stringContaining('damaged or incomplete'),
      })
    },
  )

  test('the header of a JPEG alone is refused', async () => {
    const head = (await picture('jpeg')).subarray(0, 21)
    expect(await attach('photo.jpg', 'image/jpeg', head)).toMatchObject({
      refused: 415,
      message: 'The picture cannot be opened. It is damaged or incomplete.',
    })
  })

  test.each([
    ['with a text', pdfOf(HELLO)],
    ['with a line', pdfOf('10 10 m 100 100 l S')],
    [
      'whose xref table is missing',
      Buffer.from(
        pdfOf(HELLO)
          .toString('latin1')
          .replace(/xref[\s\S]*trailer/, 'trailer'),
        'latin1',
      ),
    ],
  ])('a PDF %s is accepted', async (_, bytes) => {
    expect(await attach('a.pdf', 'application/pdf', bytes)).toMatchObject({ mime_type: 'application/pdf' })
  })

  test.each([
    ['is locked', lockedPdf(), 'locked with a password'],
    ['has empty pages', pdfOf(''), 'empty'],
    ['has no pages', pdfFile(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [] /Count 0 >>']), 'empty'],
    ['is only a header', pdfOf(HELLO).subarray(0, 100), 'damaged'],
    [
      'names itself as its page',
      pdfFile(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [2 0 R] /Count 1 >>']),
      'damaged',
    ],
  ])('a PDF that %s is refused', async (_, bytes, word) => {
    expect(await attach('a.pdf', 'application/pdf', bytes)).toMatchObject({
      refused: 415,
      message: expect.stringContaining(word),
    })
  })

  test('a small file that unpacks to 400 million pixels or a gigabyte is refused, and the next file is opened', async () => {
    const pixels = { width: 20_000, height: 20_000, channels: 3 as const, background: 'red' }
    const wide = await sharp({ create: pixels, limitInputPixels: false }).png().toBuffer()
    expect(await attach('wide.png', 'image/png', wide)).toMatchObject({
      refused: 413,
      message: expect.stringContaining('100 million pixels'),
    })
    const packed = deflateSync(Buffer.alloc(1024 ** 3, ' ')).toString('latin1')
    const bomb = pdfFile([
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>',
      `<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n${packed}\nendstream`,
    ])
    expect(await attach('bomb.pdf', 'application/pdf', bomb)).toMatchObject({
      refused: 413,
      message: expect.stringContaining('too much'),
    })
    expect(await attach('a.pdf', 'application/pdf', pdfOf(HELLO))).toMatchObject({ name: 'a.pdf' })
  })
})
