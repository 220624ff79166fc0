const MAX_DEPTH = 32

type Schema = { [keyword: string]: unknown }

/**
 * The names of fields that a JSON schema marks as secret by `format: "password"`, `writeOnly` or
 * `x-sensitive`.
 */
export function findSensitiveNames(schema: unknown, depth = 0): string[] {
  if (depth > MAX_DEPTH || schema === null || typeof schema !== 'object') return []
  const own = Object.entries(((schema as Schema).properties ?? {}) as Record<string, Schema>)
    .filter(([, field]) => field?.format === 'password' || field?.writeOnly === true || field?.['x-sensitive'] === true)
    .map(([name]) => name)
  return [...own, ...Object.values(schema).flatMap((inner) => findSensitiveNames(inner, depth + 1))]
}
