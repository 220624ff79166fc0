import { setImmediate } from 'node:timers/promises'

// Matches what is read as one character: a letter with its marks (including the half-width kana
// marks), or the letters of a Korean syllable.
const MARK = String.raw`\p{M}\p{DI}\uFF9E\uFF9F`
const JAMO = String.raw`\u1160-\u11FF\u3131-\u318E\uD7B0-\uD7FB\uFFA0-\uFFDC`
const CLUSTER = new RegExp(
  String.raw`[\0-\x7F]+(?![${MARK}])|[\u1100-\u115F\uA960-\uA97C\uAC00-\uD7A3${JAMO}][${JAMO}${MARK}]*|[^${MARK}][${MARK}]*|[${MARK}]+`,
  'gv',
)
// Accents, Hebrew points and Arabic vowel signs. The vowels of Indic scripts and Thai, and the kana
// marks, are letters to a reader.
const ACCENTS =
  /[[[\p{Script=Inherited}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Cyrillic}]&&\p{Mn}]--[\u3099\u309A]]|\u0640|\p{DI}/gv
// Letters that Unicode does not decompose, although people leave the stroke out when they type.
const PLAIN: Record<string, string> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ı: 'i', ŧ: 't', ς: 'σ' },
}
const SPECIAL = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'gu')

/** Folds text for search: NFKC, lower case, without accents, `ß` as `ss`. */
export function foldText(text: string): string {
  const small = text.normalize('NFKC').toLowerCase()
  if (/^[\0-\x7f]*$/.test(small)) return small
  const bare = small.normalize('NFKD').replace(ACCENTS, '')
  return bare.replace(SPECIAL, (letter) => PLAIN[letter] ?? letter).normalize('NFC')
}

/**
 * A folded text. For each of its code units, `starts` and `ends` are where its original character
 * begins and ends.
 */
export type FoldedText = { text: string; starts: Uint32Array; ends: Uint32Array }

// A character takes a microsecond or two, so other work gets a turn every few milliseconds.
const BETWEEN_TURNS = 4_000

/**
 * Folds a text so that positions in it map back to the original. Yields to other work in a long
 * text.
 */
export async function foldWithPlaces(original: string): Promise<FoldedText> {
  const pieces: string[] = []
  const starts: number[] = []
  const ends: number[] = []
  for (const { 0: cluster, index } of original.matchAll(CLUSTER)) {
    if (pieces.length % BETWEEN_TURNS === BETWEEN_TURNS - 1) await setImmediate()
    const folded = foldText(cluster)
    pieces.push(folded)
    const isAscii = cluster.length === folded.length && cluster.charCodeAt(0) < 0x80
    for (let at = 0; at < folded.length; at += 1) {
      starts.push(isAscii ? index + at : index)
      ends.push(isAscii ? index + at + 1 : index + cluster.length)
    }
  }
  return { text: pieces.join(''), starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) }
}
