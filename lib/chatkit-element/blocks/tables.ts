import type { Token, Tokens } from 'marked'
import { withoutCitations } from '#lib/chatkit-element/markdown/citations.ts'

type Known = { table: Tokens.Table; showMore: () => void }
const known = new WeakMap<Element, Known>()

/** Remembers which table each box below `root` shows, for its buttons. */
export function keepTables(root: Element, tables: readonly Tokens.Table[], showMore: () => void): void {
  if (tables.length === 0) return
  const boxes = [...root.querySelectorAll('.md-table-box')]
  // Boxes are in the order of the document, tables in that of rendering, which is the same: no table contains one.
  boxes.forEach((box, at) => {
    const table = tables[at]
    if (table) known.set(box, { table, showMore })
  })
}

/** Shows more rows of the table around a button. */
export function showMoreRows(button: Element): void {
  const box = button.closest('.md-block')
  known.get(button.closest('.md-table-box') ?? button)?.showMore()
  box?.querySelector<HTMLElement>('[data-more-rows], [data-copy-table]')?.focus({ preventScroll: true })
}

/** The table around a button as CSV, with all its rows; null if there is none. */
export function findTableCsv(button: Element): string | null {
  const table = known.get(button.closest('.md-table-box') ?? button)?.table
  return table ? toCsv(table) : null
}

/** RFC 4180, with lines that end in CRLF. */
function toCsv({ header, rows }: Tokens.Table): string {
  const line = (cells: readonly Tokens.TableCell[]) =>
    cells.map(({ tokens }) => toField(withoutCitations(toText(tokens)))).join(',')
  return [header, ...rows].map(line).join('\r\n')
}

/**
 * One field. Spreadsheets would carry out a text that begins like a formula, so it gets an
 * apostrophe; a number stays a number.
 */
function toField(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.,\s]+%?$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

/** The words of tokens, without their marks. */
function toText(tokens: readonly Token[]): string {
  return tokens
    .map((token): string => {
      if (token.type === 'br') return '\n'
      if (token.type === 'html') return /^<br/i.test(token.raw) ? '\n' : ''
      if (token.type === 'footnoteRef') return ''
      if ('tokens' in token && token.tokens) return toText(token.tokens)
      return 'text' in token && typeof token.text === 'string' ? decodeEntities(token.text) : ''
    })
    .join('')
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: '\u00a0' }

function decodeEntities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => ENTITIES[name] ?? '')
}
