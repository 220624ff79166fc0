import type { Token, Tokens } from 'marked'
import { colourCode, growCode } from '#lib/chatkit-element/blocks/fenced-code.ts'
import { renderFormulas } from '#lib/chatkit-element/blocks/formulas.ts'
import { keepTables } from '#lib/chatkit-element/blocks/tables.ts'
import type { Tools } from '#lib/chatkit-element/blocks/tools.ts'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import { type CitedSource, placeCitations, withoutCitations } from '#lib/chatkit-element/markdown/citations.ts'
import type { Footnote } from '#lib/chatkit-element/markdown/footnotes.ts'
import { keepMeasuresTogether } from '#lib/chatkit-element/markdown/keep-measures-together.ts'
import { sanitise } from '#lib/chatkit-element/markdown/sanitise.ts'
import { toHtml, toLanguage } from '#lib/chatkit-element/markdown/to-html.ts'

export type BlockContext = {
  imageDomains: readonly string[]
  citations: readonly CitedSource[]
  footnotes: readonly Footnote[]
  strings: Strings
  tools: Tools
}

/** Longer tables are shown in steps of so many rows. */
const ROWS = 200

/**
 * Shows a block in its box. A code block that only grew is continued; anything else is rendered anew,
 * and what the reader opened or scrolled in it stays so.
 */
export function fillBlock(
  box: HTMLElement,
  token: Token,
  isGrowing: boolean,
  context: BlockContext,
  rows = ROWS,
): void {
  if (token.type === 'code') {
    const { lang, text } = token as Tokens.Code
    if (growCode(box, toLanguage(lang), withoutCitations(text), isGrowing, context.tools)) return
  }
  const { imageDomains, citations, footnotes, strings, tools } = context
  const tables: Tokens.Table[] = []
  const html = toHtml(token, { strings, imageDomains, footnotes, tables, rowLimit: rows })
  const fragment = sanitise(html, imageDomains)
  placeCitations(fragment, citations, strings)
  keepMeasuresTogether(fragment)
  renderFormulas(fragment, tools)
  const restore = rememberReading(box)
  box.replaceChildren(fragment)
  restore()
  const showMore = () => fillBlock(box, token, false, context, rows + ROWS)
  keepTables(box, tables, showMore)
  colourCode(box, isGrowing, tools)
}

/** Returns a function that opens the same details again, and scrolls tables and code as far. */
function rememberReading(box: Element): () => void {
  const wasOpen = [...box.querySelectorAll('details')].map((details) => details.open)
  const scrolled = [...box.querySelectorAll('.md-table, pre')].map(({ scrollLeft }) => scrollLeft)
  return () => {
    box.querySelectorAll('details').forEach((details, at) => {
      details.open = wasOpen[at] ?? details.open
    })
    if (scrolled.some(Boolean))
      box.querySelectorAll('.md-table, pre').forEach((element, at) => {
        element.scrollLeft = scrolled[at] ?? 0
      })
  }
}
