import { cutText } from '#lib/platform/text/cut-text.ts'

/** What the placeholders of instructions stand for. */
export type PlaceFacts = { name: string; date: string; organisation: string }

const PLACE = /\{\{([^{}]{0,100})\}\}/g
const VALUE_MAX_CHARS = 100

const VALUES: Record<string, (facts: PlaceFacts) => string> = {
  'user.name': ({ name }) => name,
  date: ({ date }) => date,
  organisation: ({ organisation }) => organisation,
}

/** The names that may stand between the braces. */
export const PLACE_NAMES = Object.keys(VALUES)

/**
 * Replaces each `{{name}}` by its value in quotation marks. A value is data that somebody else may
 * have written: it is one line, it cannot close its quotation marks, and it is never read for
 * placeholders again. A name that is not known stays as it is.
 */
export function fillPlaceholders(template: string, facts: PlaceFacts): string {
  return template.replace(PLACE, (whole, inner: string) => {
    const name = inner.trim()
    return Object.hasOwn(VALUES, name) ? quote(VALUES[name]?.(facts) ?? '') : whole
  })
}

/** A value as data on one line: no control characters, no line breaks, 100 characters at most. */
export function quote(value: string): string {
  const line = value.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return JSON.stringify(cutText(line, VALUE_MAX_CHARS))
}

/** The placeholders of a template that do not exist, for the form in which it is written. */
export function listUnknownPlaces(template: string): string[] {
  return [...template.matchAll(PLACE)]
    .map(([, inner = '']) => inner.trim())
    .filter((name) => !Object.hasOwn(VALUES, name))
}
