import type { Token } from 'marked'
import { type Footnote, isDefinition, listFootnotes } from '#lib/chatkit-element/markdown/footnotes.ts'
import { mend } from '#lib/chatkit-element/markdown/mend.ts'
import { tokenize } from '#lib/chatkit-element/markdown/tokenizer.ts'

/**
 * One top-level piece of a text (a paragraph, a list, a fence). Equal `raw` means equal rendering.
 */
export type Block = { raw: string; token: Token }

/**
 * Splits a growing text into blocks. While the text only grows, everything before its last two
 * blocks is kept, so the work for each new piece does not depend on the length of the answer.
 */
export class Blocks {
  #text = ''
  #tokens: Token[] = []
  #footnotes: Footnote[] = []

  /**
   * The footnotes of the last text. The same array as before if no label and no definition has
   * changed.
   */
  get footnotes(): Footnote[] {
    return this.#footnotes
  }

  read(text: string, growing: boolean): Block[] {
    const kept = growing && text.startsWith(this.#text) ? this.#tokens.slice(0, -2) : []
    const offset = kept.reduce((length, token) => length + token.raw.length, 0)
    // The lexer rewrites line ends. If the raws no longer add up to the text, the whole text is
    // read again.
    const exact = text.startsWith(kept.map((token) => token.raw).join(''))
    this.#tokens = exact ? [...kept, ...tokenize(text.slice(offset))] : tokenize(text)
    this.#text = text
    const shown = this.#tokens.filter((token) => token.type !== 'space' && token.type !== 'def')
    const blocks = shown.flatMap((token, at) =>
      growing && at === shown.length - 1 ? mendedBlocks(token) : [{ raw: token.raw, token }],
    )
    this.#number(
      blocks.map(({ token }) => token),
      growing,
    )
    return blocks.filter(({ token }) => !isDefinition(token))
  }

  #number(tokens: readonly Token[], growing: boolean): void {
    const found = listFootnotes(tokens, growing)
    const before = this.#footnotes
    const same = found.every(
      ({ label, definition }, at) => before[at]?.label === label && before[at]?.definition?.raw === definition?.raw,
    )
    if (!same || found.length !== before.length) this.#footnotes = found
  }
}

function mendedBlocks(token: Token): Block[] {
  const raw = mend(token.raw)
  if (raw === token.raw) return [{ raw, token }]
  return tokenize(raw)
    .filter(({ type }) => type !== 'space')
    .map((mended) => ({ raw: mended.raw, token: mended }))
}
