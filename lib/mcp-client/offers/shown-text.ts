import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/** A server's name for something, on one line: bounded, with hidden characters made visible. */
export function toShownLine(text: string, max: number): string {
  const line = cutText(text, max).replace(/\s+/g, ' ').trim()
  return cutText(toVisibleText(line), max)
}

/**
 * A server's text as a person sees it before it is sent: hidden characters are visible. Line ends
 * and tabs become plain ones, because they hide nothing.
 */
export function toShownText(text: string): string {
  return toVisibleText(text.replace(/\r\n?|\u2028|\u2029/g, '\n').replaceAll('\t', '  '))
}
