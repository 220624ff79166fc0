import type { findPartUrl, loadPart } from '#lib/chatkit-element/load-part.ts'

/** What the parts need from the script: they are modules of their own and share no code with it. */
export type Tools = {
  loadPart: typeof loadPart
  findPartUrl: typeof findPartUrl
  /** The nonce of the page's policy, for the frame that draws diagrams; '' if there is none. */
  nonce: string
  /** Adds rules to the style sheet of all elements of the page. */
  addStyles: (css: string) => void
}

/** The part that colours code. */
export type Highlight = {
  /** Code with its parts in coloured spans; null for a language that is not known. */
  colour: (code: string, language: string) => DocumentFragment | null
  css: string
}

/** The part that renders formulas. */
export type Maths = {
  /** TeX as MathML; null if it is not TeX, asks for what formulas may not do, or is too much work. */
  toMathMl: (tex: string, isDisplay: boolean) => Element | null
  /** Makes the font known, and loads it if the system has none. Never throws. */
  loadFont: (address: string) => Promise<void>
  css: string
}
