import { Lexer, type Token } from 'marked'
import { mend } from '#lib/chatkit-element/markdown/mend.ts'

/** One top-level piece of a text (a paragraph, a list, a fence). Equal `raw` means equal rendering. */
export type Block = { raw: string; token: Token }

const OPTIONS = { gfm: true, breaks: true }

/**
 * Splits a growing text into blocks. While the text only grows, everything before its last two blocks is kept as it is, so the
 * work for each new piece does not depend on how long the answer already is.
 */
export class Blocks {
  #text = ''
  #tokens: Token[] = []

  read(text: string, growing: boolean): Block[] {
    const kept = growing && text.startsWith(this.#text) ? this.#tokens.slice(0, -2) : []
    const offset = kept.reduce((length, token) => length + token.raw.length, 0)
    // The lexer rewrites line ends; where raw no longer adds up to the text, everything is read again.
    const exact = text.startsWith(kept.map((token) => token.raw).join(''))
    this.#tokens = exact ? [...kept, ...new Lexer(OPTIONS).lex(text.slice(offset))] : new Lexer(OPTIONS).lex(text)
    this.#text = text
    const shown = this.#tokens.filter((token) => token.type !== 'space' && token.type !== 'def')
    return shown.flatMap((token, at) => (growing && at === shown.length - 1 ? mendedBlocks(token) : [{ raw: token.raw, token }]))
  }
}

function mendedBlocks(token: Token): Block[] {
  const raw = mend(token.raw)
  if (raw === token.raw) return [{ raw, token }]
  return new Lexer(OPTIONS)
    .lex(raw)
    .filter(({ type }) => type !== 'space')
    .map((mended) => ({ raw: mended.raw, token: mended }))
}
