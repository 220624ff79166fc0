// JSON.stringify writes NUL and lone surrogates as escapes. If a string contains the same
// characters as plain text, that only costs a second pass.
const SUSPECT = /\\u(0000|d[89a-f][0-9a-f]{2})/i

/**
 * Makes a JSON value storable in PostgreSQL's jsonb: NUL characters and lone surrogates become
 * U+FFFD. Undefined properties are dropped.
 */
export function toStorable<T>(value: T): T {
  const text = JSON.stringify(value)
  return SUSPECT.test(text) ? JSON.parse(text, (_, entry) => clean(entry)) : JSON.parse(text)
}

/** Makes a text storable in PostgreSQL, in the same way. */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return toStorableText(value)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [toStorableText(key), entry]))
}
