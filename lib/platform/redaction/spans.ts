/** Replaces a secret. */
export const REDACTED = '[redacted]'

/** The position of a secret in a text: from `start` up to, but not including, `end`. */
export type Span = { start: number; end: number }

/**
 * Replaces each span of a text. With `limit`, only text before it is kept, and a span across the
 * limit is replaced as a whole. Never splits a surrogate pair.
 */
export function replaceSpans(text: string, spans: Span[], limit = text.length): string {
  const max = limit < text.length && isLowHalf(text.charCodeAt(limit)) ? limit - 1 : limit
  const parts: string[] = []
  let at = 0
  for (const { start, end } of spans.toSorted((one, other) => one.start - other.start)) {
    if (start >= max) break
    if (end <= at) continue
    if (start >= at) parts.push(text.slice(at, start), REDACTED)
    at = end
  }
  if (at < max) parts.push(text.slice(at, max))
  return parts.join('')
}

function isLowHalf(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}
