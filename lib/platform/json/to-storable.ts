// JSON.stringify writes NUL and half surrogate pairs as escapes; the same letters inside a text only cost a second look.
const SUSPECT = /\\u(0000|d[89a-f][0-9a-f]{2})/i

/** A JSON value as PostgreSQL's jsonb takes it: NUL characters and half surrogate pairs become U+FFFD. Undefined properties go. */
export function toStorable<T>(value: T): T {
  const text = JSON.stringify(value)
  return SUSPECT.test(text) ? JSON.parse(text, (_, entry) => clean(entry)) : JSON.parse(text)
}

/** A text as PostgreSQL takes it. */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return toStorableText(value)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [toStorableText(key), entry]))
}
