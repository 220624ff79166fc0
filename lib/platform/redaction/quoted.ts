import type { Span } from '#lib/platform/redaction/spans.ts'

const OPENING = /[rbfuRBFU@$]{0,2}(\\{0,64})(["'`])/y

/** A text in quotes at `at`: what is between them, and where it ends together with its closing quote. Without one it reaches to the end. */
export type Quoted = Span & { behind: number }

/**
 * The quoted text that begins at `at`, at any depth of quoting: in JSON within JSON the quotes have backslashes before them.
 * No more than `max` characters are looked at; undefined where there is no quote, or no end within `max` of a text that goes on.
 */
export function quotedAt(text: string, at: number, max = Number.POSITIVE_INFINITY): Quoted | undefined {
  OPENING.lastIndex = at
  const opening = OPENING.exec(text)
  if (!opening) return undefined
  const [, slashes = '', quote = ''] = opening
  const start = OPENING.lastIndex
  if (slashes === '' && text.startsWith(quote + quote, start)) return readTripleQuoted(text, start + 2, quote, max)
  const limit = Math.min(text.length, start + max)
  for (let place = text.indexOf(quote, start); place >= 0 && place < limit; place = text.indexOf(quote, place + 1)) {
    const depth = slashesBefore(text, place, start)
    if (isClosing(depth, slashes.length))
      return { start, end: place - Math.min(depth, slashes.length), behind: place + 1 }
  }
  // A single quote may be an apostrophe: its text ends with the line.
  const line = quote === '"' ? -1 : text.indexOf('\n', start)
  const end = line < 0 ? text.length : line
  return end - start <= max ? { start, end, behind: end } : undefined
}

function readTripleQuoted(text: string, start: number, quote: string, max: number): Quoted | undefined {
  const end = text.indexOf(quote.repeat(3), start)
  if (end < 0) return text.length - start <= max ? { start, end: text.length, behind: text.length } : undefined
  return end - start <= max ? { start, end, behind: end + 3 } : undefined
}

function slashesBefore(text: string, place: number, start: number): number {
  let from = place
  while (from > start && text[from - 1] === '\\') from -= 1
  return place - from
}

/** Whether a quote with `depth` backslashes before it ends a text that began with `opened` of them; the rest are letters of the text. */
function isClosing(depth: number, opened: number): boolean {
  return depth < opened || (depth - opened) % (2 * (opened + 1)) === 0
}

/** Where the object or list that begins at `at` ends, brackets within its texts aside. Without an end it is the text's. */
export function endOfBrackets(text: string, at: number): number {
  const SIGN = /[[\]{}]|(?<!\\)\\{0,64}"/g
  SIGN.lastIndex = at
  let depth = 0
  for (let sign = SIGN.exec(text); sign; sign = SIGN.exec(text)) {
    const [found] = sign
    if (found === '{' || found === '[') depth += 1
    else if (found === '}' || found === ']') depth -= 1
    else SIGN.lastIndex = Math.max(SIGN.lastIndex, quotedAt(text, sign.index)?.behind ?? 0)
    if (depth === 0) return SIGN.lastIndex
  }
  return text.length
}
