import type { TextSink } from './text-sink.ts'
import { walkXml, type XmlElement } from './walk-xml.ts'

/** What an element is written as. */
const MARKS: Record<string, string> = { tab: '\t', br: '\n', cr: '\n', noBreakHyphen: '-' }

/**
 * Writes the text of a part that has paragraphs and tables, in the elements that Word and PowerPoint
 * share: one line for a paragraph, `| a | b |` for a row. `levels` are the levels of headings by the
 * ids of their styles. What Word has deleted, and the second copy of a drawing for old programs, is
 * left out.
 */
export function addFlow(part: Uint8Array, sink: TextSink, levels: ReadonlyMap<string, number> = new Map()): void {
  // The cells of the tables around the current place: the innermost is written to.
  const rows: string[][] = []
  const cells: string[] = []
  let isText = false
  let skipped = 0
  const write = (text: string) => {
    if (cells.length > 0) cells[cells.length - 1] += text
    else sink.add(text)
  }
  const open = ({ name, attributes }: XmlElement) => {
    if (name === 'Fallback' || skipped > 0) skipped += 1
    else if (name === 't') isText = true
    else if (name === 'tr') rows.push([])
    else if (name === 'tc') cells.push('')
    else if (name === 'pStyle') write(toHeading(levels.get(attributes.val ?? '')))
    else if (name === 'numPr') write('- ')
    else if (name === 'docPr' || name === 'cNvPr') write(toPicture(attributes.descr))
    else write(MARKS[name] ?? '')
  }
  const close = (name: string) => {
    if (skipped > 0) skipped -= 1
    else if (name === 't') isText = false
    else if (name === 'p') write('\n')
    else if (name === 'tc') rows.at(-1)?.push(toCell(cells.pop() ?? ''))
    else if (name === 'tr') write(`| ${(rows.pop() ?? []).join(' | ')} |\n`)
    else if (name === 'tbl') write('\n')
  }
  const text = (value: string) => {
    if (isText && skipped === 0) write(value)
  }
  walkXml(part, { open, close, text }, () => sink.isFull)
}

function toHeading(level: number | undefined): string {
  return level === undefined ? '' : `\n${'#'.repeat(level)} `
}

function toPicture(description: string | undefined): string {
  return description?.trim() ? `[Picture: ${description.trim()}]` : ''
}

function toCell(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
