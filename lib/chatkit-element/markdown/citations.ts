import type { Annotation, Source } from '#lib/chatkit/protocol/items.ts'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import { isSafeLink } from '#lib/chatkit-element/markdown/links.ts'

/** A source, its number in the list, and the character offsets in the text that cite it. */
export type CitedSource = { number: number; source: Source; indexes: number[] }

// Private-use characters: no text uses them, and Markdown leaves them alone.
const OPEN = '\uE200'
/** A block with this character cites a source. */
export const CITED = OPEN
const CLOSE = '\uE201'
const MARKER = /\uE200(\d+)\uE201/g

/** A text without the markers of `markCitations`, for code and formulas. */
export function withoutCitations(text: string): string {
  return text.replace(MARKER, '')
}

/** The sources of a message, each once, numbered by first appearance. */
export function listCitedSources(annotations: readonly Annotation[]): CitedSource[] {
  const cited = new Map<string, CitedSource>()
  for (const { source, index } of annotations) {
    const key = JSON.stringify([
      source.type,
      'url' in source ? source.url : 'filename' in source ? source.filename : source.id,
    ])
    const known = cited.get(key) ?? { number: cited.size + 1, source, indexes: [] }
    if (index !== undefined && !known.indexes.includes(index)) known.indexes.push(index)
    cited.set(key, known)
  }
  return [...cited.values()]
}

/**
 * Puts a marker at every cited place of the text; `placeCitations` turns the markers into footnotes
 * after rendering.
 */
export function markCitations(text: string, citations: readonly CitedSource[]): string {
  const clean = text.replaceAll(OPEN, '\uFFFD').replaceAll(CLOSE, '\uFFFD')
  const marks = citations.flatMap(({ number, indexes }) =>
    indexes.map((at) => ({ at: Math.min(at, clean.length), number })),
  )
  return marks
    .sort((a, b) => b.at - a.at || b.number - a.number)
    .reduce((marked, { at, number }) => `${marked.slice(0, at)}${OPEN}${number}${CLOSE}${marked.slice(at)}`, clean)
}

/** Replaces the markers in a rendered block by footnotes that link to their source. */
export function placeCitations(root: DocumentFragment, citations: readonly CitedSource[], strings: Strings): void {
  if (!citations.length) return
  for (const link of root.querySelectorAll('a[href]'))
    link.setAttribute('href', (link.getAttribute('href') ?? '').replace(/%EE%88%80\d+%EE%88%81|\uE200\d+\uE201/gi, ''))
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const texts: Text[] = []
  while (walker.nextNode()) texts.push(walker.currentNode as Text)
  for (const text of texts) {
    if (!text.data.includes(OPEN)) continue
    const parts = text.data
      .split(MARKER)
      .map((part, at) => (at % 2 ? footnote(Number(part), citations, strings) : part))
    text.replaceWith(...parts)
  }
}

function footnote(number: number, citations: readonly CitedSource[], strings: Strings): Node | string {
  const source = citations[number - 1]?.source
  if (!source) return ''
  const mark = document.createElement(source.type === 'url' && isSafeLink(source.url) ? 'a' : 'span')
  mark.className = 'cite'
  mark.textContent = String(number)
  const label = strings.sourceNumber(number, source.title)
  mark.title = label
  if (mark instanceof HTMLAnchorElement && source.type === 'url') {
    mark.href = source.url
    mark.target = '_blank'
    mark.rel = 'noopener noreferrer'
    mark.setAttribute('aria-label', label)
  } else {
    mark.setAttribute('role', 'img')
    mark.setAttribute('aria-label', label)
  }
  return mark
}
