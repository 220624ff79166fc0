import { setImmediate } from 'node:timers/promises'
import { foldWithPlaces } from '#lib/data/search/fold-text.ts'
import { listForms, listTokens, type Token } from '#lib/data/search/search-words.ts'

const EXTRACT_CHARS = 320
const LEAD_CHARS = 80
const BETWEEN_TURNS = 4_000
// Private-use characters. They are removed from the text itself, so that no text can forge a mark.
const [OPEN, CLOSE] = ['\uE000', '\uE001']

/**
 * Returns one line of plain text from a longer one: the part around the first match, with each
 * match in `**`, or the beginning. With `prefix`, the beginning of a word is a match. It ends between words and contains no angle brackets that a page
 * could take for markup.
 */
export async function toSnippet(text: string, wanted: Token[], { prefix = false } = {}): Promise<string> {
  const clean = text.replace(/[\uE000\uE001]/g, '')
  const places = wanted.length > 0 ? await placesOf(clean, wanted, prefix) : []
  const start = Math.max(0, (places[0]?.from ?? 0) - LEAD_CHARS)
  const end = start + EXTRACT_CHARS
  let extract = ''
  let at = start
  for (const { from, to } of places) {
    if (from >= end) break
    extract += `${clean.slice(at, from)}${OPEN}${clean.slice(from, Math.min(to, end))}${CLOSE}`
    at = Math.min(to, end)
  }
  return toLine(extract + clean.slice(at, end), { begins: start === 0, ends: end >= clean.length })
}

function toLine(extract: string, { begins, ends }: { begins: boolean; ends: boolean }): string {
  let text = extract.replace(/[\ud800-\udfff]/gu, '').replace(/\s+/g, ' ')
  if (!begins) text = text.replace(/^[^ \uE000]{0,40} |^/, '… ')
  if (!ends) text = text.replace(/ [^ ]{0,40}$|$/u, ' …')
  // The cut may have removed the closing mark of a pair.
  if (text.lastIndexOf(OPEN) > text.lastIndexOf(CLOSE)) text += CLOSE
  return text
    .replace(/[\uE000\uE001]/g, '**')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .trim()
}

type Place = { from: number; to: number }

/** The positions of the words in the original text, in order; touching ones are merged. */
async function placesOf(text: string, wanted: Token[], prefix: boolean): Promise<Place[]> {
  const folded = await foldWithPlaces(text)
  const words = new Set(wanted.filter(({ isRun }) => !isRun).flatMap((token) => listForms(token.text)))
  const beginnings = [...words]
  const runs = [...new Set(wanted.filter(({ isRun }) => isRun).map((token) => token.text))]
  const places: Place[] = []
  const mark = (from: number, length: number) => {
    const place = { from: folded.starts[from] ?? 0, to: folded.ends[from + length - 1] ?? 0 }
    const before = places.at(-1)
    if (before && place.from <= before.to && place.from >= before.from) before.to = Math.max(before.to, place.to)
    else places.push(place)
  }
  let looked = 0
  for (const token of listTokens(folded.text)) {
    looked += 1
    if (looked % BETWEEN_TURNS === 0) await setImmediate()
    // Nothing is marked beyond the extract.
    if (places[0] && (folded.starts[token.from] ?? 0) > places[0].from + EXTRACT_CHARS) break
    if (!token.isRun) {
      const begun = prefix ? beginnings.find((word) => token.text.startsWith(word)) : undefined
      if (words.size > 0 && listForms(token.text).some((form) => words.has(form))) mark(token.from, token.text.length)
      else if (begun !== undefined) mark(token.from, begun.length)
      continue
    }
    const found = runs.flatMap((run) => [...indexesOf(token.text, run)].map((at) => ({ at, length: run.length })))
    for (const { at, length } of found.sort((one, other) => one.at - other.at)) mark(token.from + at, length)
  }
  return places
}

function* indexesOf(text: string, part: string): Generator<number> {
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) yield at
}
