import type { Token, TokenizerExtension, TokenizerThis, Tokens } from 'marked'
import { findInParagraph } from '#lib/chatkit-element/markdown/find-in-paragraph.ts'

export type FootnoteReference = Tokens.Generic & { type: 'footnoteRef'; label: string }
export type FootnoteDefinition = Tokens.Generic & { type: 'footnote'; label: string; tokens: Token[] }
/** A footnote to show. `definition` is undefined until the text contains it. */
export type Footnote = { label: string; number: number; definition: FootnoteDefinition | undefined }

const REFERENCE = /^\[\^([^\]\s]{1,80})\]/
const DEFINITION =
  /^ {0,3}\[\^([^\]\s]{1,80})\]:[ \t]*([^\n]*(?:\n(?!\s*\n| {0,3}\[\^[^\]\s]{1,80}\]:)[^\n]+|\n(?:[ \t]*\n)+(?: {4}|\t)[^\n]+)*)(?:\n|$)/
const INDENT = /^(?: {1,4}|\t)/gm

/** `[^label]` in the text, and `[^label]: note` on its own line, as on GitHub. */
export const footnoteExtensions: TokenizerExtension[] = [
  {
    name: 'footnote',
    level: 'block',
    start: (src: string) => findInParagraph(src, /\n {0,3}\[\^[^\]\s]{1,80}\]:/),
    tokenizer(this: TokenizerThis, src: string): FootnoteDefinition | undefined {
      const match = DEFINITION.exec(src)
      if (!match) return
      const [raw, label = '', note = ''] = match
      const tokens: Token[] = []
      this.lexer.blockTokens(note.replace(INDENT, ''), tokens)
      return { type: 'footnote', raw, label, tokens }
    },
  },
  {
    name: 'footnoteRef',
    level: 'inline',
    start: (src: string) => src.indexOf('[^'),
    tokenizer(src: string): FootnoteReference | undefined {
      const match = REFERENCE.exec(src)
      return match ? { type: 'footnoteRef', raw: match[0], label: match[1] ?? '' } : undefined
    },
  },
]

/**
 * The footnotes of a text: first those that it refers to, in that order, then the others. `awaited`
 * means that definitions may still come, so references without one are numbered as well.
 */
export function listFootnotes(tokens: readonly Token[], awaited: boolean): Footnote[] {
  const definitions = new Map<string, FootnoteDefinition>()
  for (const token of tokens)
    if (isDefinition(token) && !definitions.has(token.label)) definitions.set(token.label, token)
  if (definitions.size === 0 && !awaited) return []
  const labels = new Set<string>()
  const isReady = (label: string) => awaited || definitions.has(label)
  for (const token of tokens)
    if (!isDefinition(token)) for (const label of labelsIn(token)) if (isReady(label)) labels.add(label)
  for (const label of definitions.keys()) labels.add(label)
  return [...labels].map((label, at) => ({ label, number: at + 1, definition: definitions.get(label) }))
}

export function isDefinition(token: Token): token is FootnoteDefinition {
  return token.type === 'footnote'
}

const known = new WeakMap<Token, string[]>()

/**
 * The labels that a token refers to. Cached, because most tokens of a growing text stay the same.
 */
function labelsIn(token: Token): string[] {
  let labels = known.get(token)
  if (!labels) {
    labels = token.raw.includes('[^') ? [...referencesIn(token)] : []
    known.set(token, labels)
  }
  return labels
}

function* referencesIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const one of value) yield* referencesIn(one)
  else if (value && typeof value === 'object') {
    const { type, label, summary, tokens, items, header, rows } = value as Record<string, unknown>
    if (type === 'footnoteRef') yield String(label)
    for (const children of [summary, tokens, items, header, rows]) if (children) yield* referencesIn(children)
  }
}
