import type { OfficeParts, Relation } from './office-parts.ts'
import { makeDateReader } from './sheet-dates.ts'
import type { TextSink } from './text-sink.ts'
import { walkXml } from './walk-xml.ts'

/** The most characters of the texts that cells share, and the most empty cells in a row. */
const SHARED_MAX_CHARS = 8_000_000
const GAP_MAX = 200

/** Writes the sheets of a workbook: a line for each row, tabs between its cells. */
export function addSheets(parts: OfficeParts, main: string, relations: Relation[], sink: TextSink): void {
  const sheets: { name: string; part: string; isHidden: boolean }[] = []
  let is1904 = false
  const byId = new Map(relations.map(({ id, target }) => [id, target]))
  walkXml(parts.read(main) ?? new Uint8Array(), {
    open: ({ name, attributes }) => {
      if (name === 'workbookPr') is1904 = /^(1|true)$/.test(attributes.date1904 ?? '')
      if (name !== 'sheet') return
      const part = byId.get(attributes['rel:id'] ?? '')
      if (part)
        sheets.push({ name: attributes.name ?? '', part, isHidden: (attributes.state ?? 'visible') !== 'visible' })
    },
  })
  const read = (type: string) => parts.read(relations.find((relation) => relation.type === type)?.target ?? '')
  const shared = readShared(read('sharedStrings'))
  const toDate = makeDateReader(read('styles'), is1904)
  for (const { name, part, isHidden } of sheets) {
    if (sink.isFull) return
    sink.add(`## ${name}${isHidden ? ' (hidden)' : ''}\n`)
    const sheet = parts.read(part)
    if (sheet) addRows(sheet, { shared, toDate }, sink)
    sink.add('\n')
  }
}

type Values = { shared: string[]; toDate: (value: number, style: number) => string | null }

function addRows(sheet: Uint8Array, values: Values, sink: TextSink): void {
  let row: string[] = []
  let cell = { at: 0, type: '', style: 0, value: '', formula: '' }
  let into: 'value' | 'formula' | null = null
  walkXml(
    sheet,
    {
      open: ({ name, attributes }) => {
        if (name === 'row') row = []
        else if (name === 'c')
          cell = {
            at: toColumn(attributes.r) ?? row.length,
            type: attributes.t ?? 'n',
            style: Number(attributes.s ?? 0),
            value: '',
            formula: '',
          }
        else if (name === 'v' || name === 't') into = 'value'
        else if (name === 'f') into = 'formula'
      },
      text: (text) => {
        if (into) cell[into] += text
      },
      close: (name) => {
        into = null
        if (name === 'c') {
          const shown = toShown(cell, values)
          if (!shown) return
          while (row.length < cell.at && row.length < GAP_MAX) row.push('')
          row.push(shown)
        } else if (name === 'row' && row.length > 0) sink.add(`${row.join('\t')}\n`)
      },
    },
    () => sink.isFull,
  )
}

type Cell = { type: string; style: number; value: string; formula: string }

/** A cell as a person sees it. A formula is shown if no program has computed it. */
function toShown({ type, style, value, formula }: Cell, { shared, toDate }: Values): string {
  if (value === '') return formula && `=${formula}`
  if (type === 's') return toLine(shared[Number(value)] ?? '')
  if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE'
  return (type === 'n' && toDate(Number(value), style)) || toLine(value)
}

/** Texts that cells refer to by their number, without their pronunciation. */
function readShared(part: Uint8Array | null): string[] {
  const texts: string[] = []
  let length = 0
  let isText = false
  let isSpoken = false
  if (part)
    walkXml(
      part,
      {
        open: ({ name }) => {
          if (name === 'si') texts.push('')
          else if (name === 'rPh') isSpoken = true
          else if (name === 't') isText = !isSpoken
        },
        text: (text) => {
          if (!isText || texts.length === 0) return
          texts[texts.length - 1] += text
          length += text.length
        },
        close: (name) => {
          if (name === 'rPh') isSpoken = false
          if (name === 't') isText = false
        },
      },
      () => length > SHARED_MAX_CHARS,
    )
  return texts
}

function toLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** The number of the column in a name such as `AB12`, from 0. */
function toColumn(name = ''): number | null {
  const [letters] = /^[A-Z]{1,3}/.exec(name) ?? []
  if (!letters) return null
  return [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0) - 1
}
