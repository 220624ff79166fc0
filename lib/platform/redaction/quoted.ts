import type { Span } from '#lib/platform/redaction/spans.ts'

const OPENING = /[rbfuRBFU@$]{0,2}(\\{0,64})(["'`])/y

/**
 * A quoted text: the span between the quotes, and `behind`, the position after the closing quote.
 * Without a closing quote it reaches to the end of the text, or of the line for single quotes and
 * backticks.
 */
export type Quoted = Span & { behind: number }

/**
 * Finds the quoted text that begins at `at`, at any depth of quoting: in JSON inside JSON,
 * backslashes precede the quotes. Inspects at most `max` characters. Undefined if there is no
 * quote, or if the quoted text does not end within `max`.
 */
export function findQuoted(text: string, at: number, max = Number.POSITIVE_INFINITY): Quoted | undefined {
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
  // A single quote may be an apostrophe, so its text ends with the line.
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

/**
 * True if a quote after `depth` backslashes closes a text that began with `opened` backslashes.
 * Other quotes belong to the text.
 */
function isClosing(depth: number, opened: number): boolean {
  return depth < opened || (depth - opened) % (2 * (opened + 1)) === 0
}

/**
 * Where the object or list that begins at `at` ends, ignoring brackets inside quoted texts. Without
 * a closing bracket it is the end of the text.
 */
export function findEndOfBrackets(text: string, at: number): number {
  const SIGN = /[[\]{}]|(?<!\\)\\{0,64}"/g
  SIGN.lastIndex = at
  let depth = 0
  for (let sign = SIGN.exec(text); sign; sign = SIGN.exec(text)) {
    const [found] = sign
    if (found === '{' || found === '[') depth += 1
    else if (found === '}' || found === ']') depth -= 1
    else SIGN.lastIndex = Math.max(SIGN.lastIndex, findQuoted(text, sign.index)?.behind ?? 0)
    if (depth === 0) return SIGN.lastIndex
  }
  return text.length
}
