import type { Token, TokenizerExtension, TokenizerThis, Tokens } from 'marked'
import { findInParagraph } from '#lib/chatkit-element/markdown/find-in-paragraph.ts'

export type DetailsToken = Tokens.Generic & { type: 'details'; isOpen: boolean; summary: Token[]; tokens: Token[] }

const OPEN = /^ {0,3}<details( open)?>[ \t]*\n?/i
const TAG = /<(\/?)details(?: open)?>|^ {0,3}(`{3,}|~{3,})[^\n]*$/gim
const SUMMARY = /^\s*<summary>([\s\S]{0,1000}?)(?:<\/summary>|$)/i
/** Deeper ones are text: each level costs the browser and the parser a level of their stacks. */
const MAX_DEPTH = 8
let depth = 0

/**
 * `<details>` with Markdown in it, to its `</details>` or, while it is being written, to the end of
 * the text. Tags in a fence do not count.
 */
export const detailsExtension: TokenizerExtension = {
  name: 'details',
  level: 'block',
  start: (src: string) => findInParagraph(src, /\n {0,3}<details(?: open)?>/i),
  tokenizer(this: TokenizerThis, src: string): DetailsToken | undefined {
    const [opening = '', open] = OPEN.exec(src) ?? []
    if (!opening || depth >= MAX_DEPTH) return undefined
    const end = findEnd(src, opening.length)
    const raw = src.slice(0, end.after)
    const inner = src.slice(opening.length, end.before)
    const [head = '', title = ''] = SUMMARY.exec(inner) ?? []
    const tokens: Token[] = []
    depth += 1
    try {
      this.lexer.blockTokens(inner.slice(head.length).trimStart(), tokens)
      const summary = this.lexer.inlineTokens(title.trim().replace(/\s+/g, ' '))
      return { type: 'details', raw, isOpen: open !== undefined, summary, tokens }
    } finally {
      depth -= 1
    }
  },
}

/** Where the closing tag begins, and where the text after it begins. */
function findEnd(src: string, from: number): { before: number; after: number } {
  let level = 1
  let fence = ''
  TAG.lastIndex = from
  for (let match = TAG.exec(src); match; match = TAG.exec(src)) {
    const [tag, slash, mark] = match
    if (mark) {
      if (!fence) fence = mark
      else if (mark[0] === fence[0] && mark.length >= fence.length) fence = ''
    } else if (!fence) {
      level += slash ? -1 : 1
      if (level === 0) {
        const after = match.index + tag.length
        return {
          before: match.index,
          after: after + (/^[ \t]*\n?/.exec(src.slice(after, after + 80))?.[0].length ?? 0),
        }
      }
    }
  }
  return { before: src.length, after: src.length }
}
