import { strToU8, type Zippable, zipSync } from 'fflate'

const REL = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const MAIN = {
  docx: ['word/document.xml', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'],
  docm: ['word/document.xml', 'application/vnd.ms-word.document.macroEnabled.main+xml'],
  xlsx: ['xl/workbook.xml', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml'],
  pptx: ['ppt/presentation.xml', 'application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml'],
} as const

export const WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
export const SHEET = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${REL}"`
export const SLIDE = `xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="${REL}"`

/** The relations of a part: id, last word of the type, target, and whether it is outside. */
export function rels(...list: [id: string, type: string, target: string, isOutside?: boolean][]): string {
  const entries = list.map(
    ([id, type, target, isOutside]) =>
      `<Relationship Id="${id}" Type="${REL}/${type}" Target="${target}"${isOutside ? ' TargetMode="External"' : ''}/>`,
  )
  return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${entries.join('')}</Relationships>`
}

/** An Office document with these parts beside those that every one has. */
export function officeFile(kind: keyof typeof MAIN, parts: Record<string, string | Uint8Array>): Buffer {
  const [main, type] = MAIN[kind]
  const types = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/${main}" ContentType="${type}"/></Types>`
  const files: Zippable = {
    '[Content_Types].xml': strToU8(types),
    '_rels/.rels': strToU8(rels(['rId1', 'officeDocument', main])),
  }
  for (const [name, part] of Object.entries(parts)) files[name] = typeof part === 'string' ? strToU8(part) : part
  return Buffer.from(zipSync(files))
}

/** A Word document with this body. */
export function wordFile(
  body: string,
  parts: Record<string, string | Uint8Array> = {},
  kind: 'docx' | 'docm' = 'docx',
): Buffer {
  return officeFile(kind, {
    'word/document.xml': `<w:document ${WORD}><w:body>${body}</w:body></w:document>`,
    ...parts,
  })
}

export function paragraph(text: string): string {
  return `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`
}
