import { setImmediate } from 'node:timers/promises'
import { stemmer } from 'stemmer'
import { foldText } from '#lib/data/search/fold-text.ts'

// Scripts that are written without spaces, and Korean, whose particles follow a word without one.
const UNSPACED = ['Han', 'Hira', 'Kana', 'Bopo', 'Hang', 'Thai', 'Laoo', 'Khmr', 'Mymr', 'Tibt', 'Yiii']
  .map((script) => String.raw`\p{scx=${script}}`)
  .join('')
const RUN = String.raw`[[${UNSPACED}]&&[\p{L}\p{M}\p{N}]]`
const TOKEN = new RegExp(String.raw`(?<run>${RUN}+)|[[\p{L}\p{M}\p{N}]--${RUN}]+`, 'gv')

const WORD_MAX = 100
// PostgreSQL stores positions up to 16,383. Later positions restart, so that adjacent words stay
// adjacent.
const PLACES = 16_000
// A tsvector holds less than 1 MB: each lexeme takes 4 extra bytes, and 2 more for each further
// position.
const VECTOR_MAX_BYTES = 1_000_000
// NFKC may turn one character into eighteen.
const FOLDED_MAX = 200_000
const BETWEEN_TURNS = 4_000

/**
 * A token of a folded text: a word, or a run of characters in which any adjacent two may be a word.
 */
export type Token = { text: string; from: number; isRun: boolean }

/** The words of a folded text, in order. */
export function* listTokens(folded: string): Generator<Token> {
  for (const match of folded.matchAll(TOKEN))
    yield { text: match[0], from: match.index, isRun: match.groups?.run !== undefined }
}

/** Returns a word and its English stem, so that "runs" also finds "running". */
export function listForms(word: string): string[] {
  const short = word.length > WORD_MAX ? [...word].slice(0, WORD_MAX).join('') : word
  return /^[a-z]{3,}$/.test(short) ? [...new Set([short, stemmer(short)])] : [short]
}

/**
 * Returns the words of a row as the text of a `tsvector`. `A` to `D` are PostgreSQL's weights.
 * Words beyond 1 MB are left out. Yields to other work in a long text.
 */
export async function toSearchVector(parts: { text: string; weight: 'A' | 'B' | 'C' | 'D' }[]): Promise<string> {
  const places = new Map<string, string[]>()
  let bytes = 0
  let place = 0
  for (const { text, weight } of parts) {
    for (const forms of unitsOf(foldText(text).slice(0, FOLDED_MAX))) {
      for (const form of forms) {
        const known = places.get(form)
        bytes += known ? 2 : Buffer.byteLength(form) + 5
        if (bytes > VECTOR_MAX_BYTES) return literalOf(places)
        const mark = `${(place % PLACES) + 1}${weight}`
        if (known) known.push(mark)
        else places.set(form, [mark])
      }
      place += 1
      if (place % BETWEEN_TURNS === 0) await setImmediate()
    }
  }
  return literalOf(places)
}

function literalOf(places: Map<string, string[]>): string {
  return [...places].map(([lexeme, marks]) => `'${lexeme}':${marks.join(',')}`).join(' ')
}

/**
 * Yields the lexemes at each position of a text. In a run: each character with the next one, and
 * the last alone.
 */
function* unitsOf(folded: string): Generator<string[]> {
  for (const { text, isRun } of listTokens(folded)) {
    if (isRun) {
      const characters = [...text]
      for (const [at, character] of characters.entries()) yield [character + (characters[at + 1] ?? '')]
    } else yield listForms(text)
  }
}
