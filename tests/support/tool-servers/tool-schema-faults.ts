type Schema = Record<string, unknown>
const isSchema = (value: unknown): value is Schema => value instanceof Object && !Array.isArray(value)

/** What OpenAI rejects in the schema of a function's arguments, each with its place. */
export function schemaFaults(schema: unknown): string[] {
  if (!isSchema(schema)) return ['schema must be an object']
  const faults: string[] = []
  if (schema.type !== 'object') faults.push(`schema must have type 'object', got ${JSON.stringify(schema.type)}`)
  if (!isSchema(schema.properties)) faults.push('object schema missing properties')
  for (const key of ['anyOf', 'oneOf', 'allOf', 'enum', 'not'])
    if (key in schema) faults.push(`schema must not have '${key}' at the top level`)
  return [...faults, ...inner(schema, [])]
}

function inner(schema: unknown, path: string[]): string[] {
  const at = `In context=(${path.join(', ')}), `
  if (!isSchema(schema)) return [`${at}${JSON.stringify(schema)} is not an object`]
  const faults: string[] = []
  if ('$ref' in schema) faults.push(`${at}$ref is not supported`)
  if ([schema.type].flat().includes('array') && !isSchema(schema.items)) faults.push(`${at}array schema missing items`)
  if (Array.isArray(schema.enum) && schema.enum.length === 0) faults.push(`${at}enum is empty`)
  if ('required' in schema && !Array.isArray(schema.required)) faults.push(`${at}required is not a list`)
  if (typeof schema.description === 'string' && schema.description.length > 1_024)
    faults.push(`${at}description is too long`)
  for (const [name, value] of Object.entries(isSchema(schema.properties) ? schema.properties : {}))
    faults.push(...inner(value, [...path, 'properties', name]))
  for (const key of ['anyOf', 'oneOf', 'allOf'])
    for (const [index, value] of (Array.isArray(schema[key]) ? schema[key] : []).entries())
      faults.push(...inner(value, [...path, key, String(index)]))
  if (schema.items !== undefined) faults.push(...inner(schema.items, [...path, 'items']))
  return faults
}
