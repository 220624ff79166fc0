// Enough for any emoji or accented letter. A longer pile of accents is cut between two characters.
const WINDOW_CHARS = 256
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * Returns the longest start of a text with at most `max` UTF-16 units that ends at a grapheme
 * boundary, so that no visible character is split.
 */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text
  const from = Math.max(0, max - WINDOW_CHARS)
  const at = graphemes.segment(text.slice(from, max + WINDOW_CHARS)).containing(max - from)?.index ?? 0
  const end = from + at
  if (at > 0 || from === 0) return text.slice(0, end)
  return isHigh(text.charCodeAt(max - 1)) ? text.slice(0, max - 1) : text.slice(0, max)
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
