import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { GET, PUT } from '#app/api/attachments/[id]/route.ts'
import { makeAttachmentReader } from '#lib/agent/input/attachment-reader.ts'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { createAttachmentStore } from '#lib/data/attachments/attachment-records.ts'
import { env } from '#lib/platform/env.ts'
import { door } from '#tests/support/chatkit/chatkit.ts'
import { officeFile, paragraph, rels, SHEET, SLIDE, WORD, wordFile } from '#tests/support/office.ts'
import { HELLO, pdfOf } from '#tests/support/pdf.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// Word, Excel and PowerPoint documents, from the upload to what the model and the person read.

let folder: string
let ann: Awaited<ReturnType<typeof signedIn>>
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'office-files-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => {
  withSettings({ ATTACHMENTS_DIR: folder, ATTACHMENT_MAX_MB: '20' })
  ann = await signedIn()
})

const at = (id: string) => ({ params: Promise.resolve({ id }) })
const request = (id: string, init: RequestInit = {}) =>
  new Request(`${env().APP_URL}/api/attachments/${id}`, { ...init, headers: ann.headers })

/** Attaches a file whose name and declared type say nothing of use. */
async function attach(bytes: Uint8Array, name = 'file', mime_type = 'application/octet-stream') {
  const { status, data } = await door(ann)({
    type: 'attachments.create',
    params: { name, size: bytes.length, mime_type },
  })
  if (status !== 200) return { ...(data as Attachment & { message?: string }), status }
  const { id } = data as Attachment
  const answer = await PUT(request(id, { method: 'PUT', body: new Uint8Array(bytes) }), at(id))
  return { ...((await answer.json()) as Attachment & { message?: string }), status: answer.status }
}

/** What the model reads of an attached file. */
async function read(bytes: Uint8Array): Promise<string> {
  const { id, status, message } = await attach(bytes)
  expect(status, message).toBe(200)
  const parts = await makeAttachmentReader(ann.caller)(await createAttachmentStore(ann.caller).load(id))
  return parts.map((part) => (part.type === 'input_text' ? part.text : part.type)).join('')
}

const row = (...cells: string[]) => `<w:tr>${cells.map((cell) => `<w:tc>${cell}</w:tc>`).join('')}</w:tr>`

test('a Word document is read with its headings, lists, tables and notes, without what was deleted', async () => {
  const body = [
    '<w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>Plan &amp; cost</w:t></w:r></w:p>',
    '<w:p><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>First</w:t><w:tab/><w:t>step</w:t></w:r></w:p>',
    '<w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:ins><w:r><w:t xml:space="preserve">new </w:t></w:r></w:ins><w:r><w:instrText>INCLUDETEXT "http://127.0.0.1:9/x"</w:instrText></w:r></w:p>',
    `<w:tbl>${row(paragraph('Name'), paragraph('Price'))}${row(`${paragraph('Tea')}${paragraph('green')}`, `<w:tbl>${row(paragraph('4'), paragraph('5'))}</w:tbl>`)}</w:tbl>`,
    '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice><w:p><w:r><w:t>Box</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>Box</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>',
  ].join('')
  const text = await read(
    wordFile(
      body,
      {
        'word/_rels/document.xml.rels': rels(
          ['rId1', 'styles', 'styles.xml'],
          ['rId2', 'footnotes', '/word/footnotes.xml'],
          ['rId3', 'header', 'http://127.0.0.1:9/header.xml', true],
          ['rId4', 'attachedTemplate', 'file:///etc/passwd', true],
        ),
        'word/styles.xml': `<w:styles ${WORD}><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style></w:styles>`,
        'word/footnotes.xml': `<w:footnotes ${WORD}>${paragraph('A note below.')}</w:footnotes>`,
        'word/vbaProject.bin': Buffer.from('Sub AutoOpen()'),
      },
      'docm',
    ),
  )
  expect(text).toBe(
    [
      '<Attachment name="file" contains="the text of the document, without its pictures and charts">',
      '# Plan & cost',
      '- First\tstep',
      'new',
      '| Name | Price |',
      '| Tea green | | 4 | 5 | |',
      '',
      'Box',
      '',
      '[Footnotes]',
      'A note below.',
      '</Attachment>',
    ].join('\n'),
  )
})

test('the sheets of a workbook are read as a person sees them: texts, dates, results and formulas without one', async () => {
  const cell = (r: string, more: string, value: string) => `<c r="${r}" ${more}>${value}</c>`
  const sheet = [
    `<row r="1">${cell('A1', 't="s"', '<v>0</v>')}${cell('C1', 't="inlineStr"', '<is><t>Done\nby</t></is>')}</row>`,
    `<row r="2">${cell('A2', 's="1"', '<v>46023</v>')}${cell('B2', 's="2"', '<v>46023.5</v>')}${cell('C2', 't="b"', '<v>1</v>')}</row>`,
    `<row r="4">${cell('A4', '', '<f>SUM(A1:A2)</f><v>12.5</v>')}${cell('B4', '', '<f>NOW()</f>')}${cell('C4', 't="e"', '<v>#DIV/0!</v>')}</row>`,
  ].join('')
  const text = await read(
    officeFile('xlsx', {
      'xl/workbook.xml': `<workbook ${SHEET}><sheets><sheet name="Trips" sheetId="1" r:id="rId1"/><sheet name="Old" sheetId="2" state="hidden" r:id="rId2"/><sheet name="Away" sheetId="3" r:id="rId5"/></sheets></workbook>`,
      'xl/_rels/workbook.xml.rels': rels(
        ['rId1', 'worksheet', 'worksheets/sheet1.xml'],
        ['rId2', 'worksheet', 'worksheets/sheet2.xml'],
        ['rId3', 'sharedStrings', 'sharedStrings.xml'],
        ['rId4', 'styles', 'styles.xml'],
        ['rId5', 'worksheet', 'http://127.0.0.1:9/sheet.xml', true],
      ),
      'xl/sharedStrings.xml': `<sst ${SHEET}><si><r><t>東</t></r><r><t>京</t></r><rPh><t>トウキョウ</t></rPh></si></sst>`,
      'xl/styles.xml': `<styleSheet ${SHEET}><numFmts><numFmt numFmtId="164" formatCode="[$-407]d.\\ mmm\\ yyyy\\ hh:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>`,
      'xl/worksheets/sheet1.xml': `<worksheet ${SHEET}><sheetData>${sheet}</sheetData></worksheet>`,
      'xl/worksheets/sheet2.xml': `<worksheet ${SHEET}><sheetData><row><c><v>7</v></c></row></sheetData></worksheet>`,
    }),
  )
  expect(text.split('\n').slice(1, -1)).toEqual([
    '## Trips',
    '東京\t\tDone by',
    '2026-01-01\t2026-01-01 12:00:00\tTRUE',
    '12.5\t=NOW()\t#DIV/0!',
    '',
    '## Old (hidden)',
    '7',
  ])
})

test('slides are read in their order, with what stands under their pictures and in their notes', async () => {
  const slide = (text: string) =>
    `<p:sld ${SLIDE}><p:pic><p:nvPicPr><p:cNvPr id="4" name="x" descr="A red line"/></p:nvPicPr></p:pic><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:sld>`
  const text = await read(
    officeFile('pptx', {
      'ppt/presentation.xml': `<p:presentation ${SLIDE}><p:sldIdLst><p:sldId r:id="rId9" id="256"/><p:sldId id="257" r:id="rId2"/></p:sldIdLst></p:presentation>`,
      'ppt/_rels/presentation.xml.rels': rels(
        ['rId2', 'slide', 'slides/slide1.xml'],
        ['rId9', 'slide', 'slides/slide2.xml'],
      ),
      'ppt/slides/slide1.xml': slide('Second'),
      'ppt/slides/slide2.xml': slide('First'),
      'ppt/slides/_rels/slide1.xml.rels': rels(['rId1', 'notesSlide', '../notesSlides/notes1.xml']),
      'ppt/notesSlides/notes1.xml': `<p:notes ${SLIDE}><a:p><a:r><a:t>Say hello.</a:t></a:r></a:p></p:notes>`,
    }),
  )
  expect(text.split('\n').slice(1, -1)).toEqual([
    '## Slide 1',
    '[Picture: A red line]First',
    '',
    '## Slide 2',
    '[Picture: A red line]Second',
    '[Notes]',
    'Say hello.',
  ])
})

const compound = (text: string) =>
  Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(504), Buffer.from(text, 'utf16le')])

test.each([
  ['is damaged', wordFile('<w:p>'), 415, 'damaged'],
  ['is cut off', wordFile(paragraph('hello')).subarray(0, -30), 415, 'damaged'],
  [
    'has a document type',
    wordFile('', {
      'word/document.xml': `<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><w:document ${WORD}>&y;</w:document>`,
    }),
    415,
    'damaged',
  ],
  ['is another kind inside', wordFile('', { 'word/document.xml': '<html/>' }), 415, 'damaged'],
  ['has no text', wordFile('<w:p/>'), 415, 'no text'],
  ['is locked', compound('EncryptedPackage'), 415, 'password'],
  ['is from before 2007', compound('WordDocument'), 415, '2007'],
  ['is only a zip file', Buffer.from(zipSync({ 'a.txt': strToU8('a') })), 415, 'damaged'],
])('a document that %s is refused in a sentence', async (_, bytes, status, word) => {
  expect(await attach(bytes)).toMatchObject({ status, message: expect.stringContaining(word) })
})

test('an old document is refused before it is uploaded', async () => {
  expect(await attach(Buffer.from('x'), 'letter.doc', 'application/msword')).toMatchObject({
    status: 415,
    message: expect.stringContaining('DOCX'),
  })
})

test('a document that unpacks to far more than it has is refused, and the next one is read', async () => {
  const bomb = wordFile('', { 'word/document.xml': new Uint8Array(40 * 1024 * 1024).fill(32) })
  expect(bomb.length).toBeLessThan(100_000)
  expect(await attach(bomb)).toMatchObject({ status: 413, message: expect.stringContaining('too much') })
  const many = wordFile(
    paragraph('x')
      .repeat(4_000)
      .padEnd(60 * 1024 * 1024, `<!--${'0123456789abcdef'.repeat(40)}-->`),
  )
  expect(await attach(many)).toMatchObject({ status: 413 })
  expect(await read(wordFile(paragraph('hello')))).toContain('\nhello\n')
})

test('no more than 200,000 characters are kept, and 40,000 are read by the model; the text takes its person’s space', async () => {
  const words = Array.from({ length: 30_000 }, (_, number) => paragraph(`word ${number}`)).join('')
  const text = await read(wordFile(words))
  expect(text.length).toBeLessThan(40_300)
  expect(text).toMatch(/\n\[\d+ more characters\]\n<\/Attachment>$/)
  withSettings({ ATTACHMENTS_DIR: folder, ATTACHMENTS_PER_PERSON_MB: '1' })
  const refusals = []
  for (let file = 0; file < 5; file += 1) refusals.push((await attach(wordFile(words))).status)
  expect(refusals).toContain(409)
})

test('a person reads the text of a document and of a text file, and another person reads neither', async () => {
  const show = async (id: string, headers = ann.headers) => {
    const answer = await GET(new Request(`${env().APP_URL}/api/attachments/${id}?text`, { headers }), at(id))
    return { status: answer.status, ...(await answer.json()) }
  }
  const { id } = await attach(wordFile(paragraph('hello')))
  expect(await show(id)).toEqual({ status: 200, text: 'hello', is_cut: false, is_extract: true })
  const long = await attach(Buffer.from('ü'.repeat(200_001)))
  expect(await show(long.id)).toMatchObject({ text: 'ü'.repeat(200_000), is_cut: true, is_extract: false })
  expect(await show((await attach(pdfOf(HELLO))).id)).toMatchObject({ status: 415 })
  const { headers } = await signedIn()
  expect(await show(id, headers)).toMatchObject({ status: 404 })
  expect(await show('atc_none')).toMatchObject({ status: 404 })
})

test('the bytes are saved as they were sent', async () => {
  const bytes = wordFile(paragraph('hello'))
  const { id } = await attach(bytes)
  const answer = await GET(request(id), at(id))
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment/)
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
})
