import type { TokenizerExtension, Tokens } from 'marked'
import { findInParagraph } from '#lib/chatkit-element/markdown/find-in-paragraph.ts'

export type MathsToken = Tokens.Generic & { type: 'maths'; tex: string; isDisplay: boolean }

/**
 * `\(...\)`, `\[...\]` and `$$...$$` of at most 3,000 characters without a blank line. A single `$` is money.
 */
const INLINE =
  /^(?:\\\(((?:[^\\\n]|\\(?![()])[^\n]|\n(?!\s*\n)){0,3000}?)\\\)|\\\[((?:[^\\\n]|\\(?![[\]])[^\n]|\\?\n(?!\s*\n)){0,3000}?)\\\]|\$\$((?:[^$\\\n]|\\[^\n]|\\?\n(?!\s*\n)){1,3000}?)\$\$)/
/** A formula on lines of its own, in which lines may look like lists or headings. */
const DISPLAY = new RegExp(`^ {0,3}(?=\\\\\\[|\\$\\$)(?:${INLINE.source.slice(1)})[ \\t]*(?:\\n|$)`)
const DISPLAY_START = /\n {0,3}(?:\\\[|\$\$)/

/** The formula at the beginning of the text. */
export function readMaths(src: string): MathsToken | undefined {
  return toToken(INLINE.exec(src))
}

function toToken(match: RegExpExecArray | null): MathsToken | undefined {
  if (!match) return undefined
  const [raw, inline, bracketed, dollars] = match
  const tex = inline ?? bracketed ?? dollars ?? ''
  return { type: 'maths', raw, text: raw, tex: tex.trim(), isDisplay: inline === undefined }
}

/** Formulas as blocks, and `$$...$$` in a sentence. The tokenizer reads `\(` and `\[` in a sentence. */
export const mathsExtensions: TokenizerExtension[] = [
  {
    name: 'mathsBlock',
    level: 'block',
    start: (src: string) => findInParagraph(src, DISPLAY_START),
    tokenizer: (src: string) => toToken(DISPLAY.exec(src)),
  },
  {
    name: 'maths',
    level: 'inline',
    start(src: string) {
      const at = src.indexOf('$$')
      return at < 0 ? undefined : at
    },
    tokenizer: (src: string) => (src.startsWith('$$') ? readMaths(src) : undefined),
  },
]
