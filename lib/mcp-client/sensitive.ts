import { REDACTED } from '#lib/redact.ts'

const MAX_DEPTH = 32

type Schema = { [keyword: string]: unknown }

/** The names of fields that a JSON schema marks as secret: `format: "password"`, `writeOnly` or `x-sensitive`. */
export function markedNames(schema: unknown, depth = 0): string[] {
  if (depth > MAX_DEPTH || schema === null || typeof schema !== 'object') return []
  const own = Object.entries(((schema as Schema).properties ?? {}) as Record<string, Schema>)
    .filter(([, field]) => field?.format === 'password' || field?.writeOnly === true || field?.['x-sensitive'] === true)
    .map(([name]) => name)
  return [...own, ...Object.values(schema).flatMap((inner) => markedNames(inner, depth + 1))]
}

/** A copy of arguments or a result without the values under these names, in any case and at any depth; deeper than 32 levels nothing is left. */
export function withoutSensitive(value: unknown, names: readonly string[]): unknown {
  return names.length > 0 ? cut(value, new Set(names.map((name) => name.toLowerCase())), 0) : value
}

function cut(value: unknown, names: Set<string>, depth: number): unknown {
  if (depth > MAX_DEPTH) return REDACTED
  if (typeof value === 'string') return cutJson(value, names, depth)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((entry) => cut(entry, names, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, names.has(key.toLowerCase()) ? REDACTED : cut(entry, names, depth + 1)]),
  )
}

// Tools answer with JSON inside a text: the names count there too.
function cutJson(text: string, names: Set<string>, depth: number): string {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.stringify(cut(JSON.parse(text), names, depth + 1))
  } catch {
    // Not JSON: it has no names.
    return text
  }
}
