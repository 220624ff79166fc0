import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/** A JSON schema that is an object; `true` and `false` are schemas, too. */
type Schema = Record<string, unknown>
const isSchema = (value: unknown): value is Schema => value instanceof Object && !Array.isArray(value)
const schemasIn = (value: unknown): Schema[] => (Array.isArray(value) ? value.filter(isSchema) : [])

/** OpenAI's limit for descriptions. */
const DESCRIPTION_MAX_CHARS = 1_024
const DEPTH_MAX = 24
/** The most schemas inside a tool's schema. A reference counts each time it is followed. */
const SCHEMAS_MAX = 4_000
const CHOICES = ['anyOf', 'oneOf', 'allOf'] as const
// Keywords that name a schema or say where it comes from. Models need none of them, and some model
// servers refuse them.
const NAMING = new Set([
  '$schema',
  '$id',
  '$anchor',
  '$comment',
  '$defs',
  'definitions',
  '$ref',
  '$dynamicRef',
  '$vocabulary',
])
const MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas'])
// At the top level, model servers accept only the properties of one object.
const NOT_AT_TOP = [...CHOICES, 'enum', 'const', 'not', 'if', 'then', 'else', 'dependentSchemas', 'dependentRequired']

/** Why a tool's definition does not fit. No AppError: it becomes the `problem` of the tool. */
class Unfit extends Error {}

type Outcome = { tool: McpTool; problem?: undefined } | { tool?: undefined; problem: string }

// Lists are remembered between turns, so each tool is converted once.
const seen = new WeakMap<McpTool, Outcome>()

/**
 * Converts a tool to the form that model servers accept: arguments as one object with properties,
 * arrays with `items`, references replaced by their targets, descriptions of at most 1,024
 * characters. Returns `problem` if that is impossible: the tool is then offered to no model.
 */
export function toModelTool(tool: McpTool): Outcome {
  const known = seen.get(tool)
  if (known) return known
  let outcome: Outcome
  try {
    const inputSchema = new Rewriting(tool.inputSchema).top() as McpTool['inputSchema']
    const { description } = tool
    outcome = { tool: { ...tool, inputSchema, ...(description !== undefined && { description: clip(description) }) } }
  } catch (error) {
    if (!(error instanceof Unfit)) throw error
    outcome = { problem: error.message }
  }
  seen.set(tool, outcome)
  return outcome
}

function clip(text: string): string {
  const letters = [...text]
  return letters.length <= DESCRIPTION_MAX_CHARS && text.length <= DESCRIPTION_MAX_CHARS ? text : `${cut(letters)}…`
}

/**
 * As many whole characters as fit by UTF-16 length. Some servers count the limit in UTF-16 units,
 * others in characters.
 */
function cut(letters: string[]): string {
  let text = ''
  for (const letter of letters) {
    if (text.length + letter.length >= DESCRIPTION_MAX_CHARS) break
    text += letter
  }
  return text
}

/** Rewrites one schema. Throws Unfit. */
class Rewriting {
  readonly #root: unknown
  #count = 0

  constructor(root: unknown) {
    this.#root = root
  }

  top(): Schema {
    if (!isSchema(this.#root)) throw new Unfit('It has no schema of its arguments.')
    const { properties, required, ...rest } = this.#object(this.#root, [])
    for (const key of NOT_AT_TOP) delete rest[key]
    // The default. The Agents SDK prints a complaint about each schema that states it.
    if (rest.additionalProperties === true) delete rest.additionalProperties
    const names = new Set(Object.keys(properties))
    const needed = [...required].filter((name) => names.has(name))
    return { ...rest, type: 'object', properties, ...(needed.length > 0 && { required: needed }) }
  }

  /**
   * Merges an object's schema with all its choices. A property that only some alternatives of a
   * choice require is not required.
   */
  #object(given: Schema, path: string[]): Schema & { properties: Schema; required: Set<string> } {
    const { schema, path: here } = this.#followed(given, path)
    const types = [schema.type].flat().filter((type) => type !== undefined)
    if (types.length > 0 && !types.includes('object'))
      throw new Unfit(`Its arguments are no object: ${types.join(', ').slice(0, 100)}.`)
    const own = isSchema(schema.properties) ? schema.properties : {}
    const rest = this.#rewrite(
      { ...schema, properties: undefined, required: undefined, anyOf: undefined, oneOf: undefined, allOf: undefined },
      here,
    ) as Schema
    const properties: Schema = Object.fromEntries(
      Object.entries(own).flatMap(([name, value]) => (value === false ? [] : [[name, this.#rewrite(value, here)]])),
    )
    const required = new Set(namesIn(schema.required))
    for (const key of CHOICES) {
      const branches = schemasIn(schema[key])
        .filter((branch) => branch.type !== 'null')
        .map((branch) => this.#object(branch, here))
      for (const branch of branches)
        for (const [name, value] of Object.entries(branch.properties)) properties[name] ??= value
      const [first, ...others] = branches.map((branch) => branch.required)
      if (key === 'allOf') for (const names of branches) for (const name of names.required) required.add(name)
      else for (const name of first ?? []) if (others.every((names) => names.has(name))) required.add(name)
    }
    return { ...rest, properties, required }
  }

  #rewrite(given: unknown, path: string[]): unknown {
    if (given === true || given === false || !isSchema(given)) return {}
    const { schema, path: here } = this.#followed(given, path)
    const out: Schema = {}
    for (const [key, value] of Object.entries(schema)) {
      if (NAMING.has(key) || value === undefined) continue
      if (MAPS.has(key))
        out[key] = isSchema(value)
          ? Object.fromEntries(Object.entries(value).map(([name, at]) => [name, this.#rewrite(at, here)]))
          : {}
      else if (key === 'description') out[key] = typeof value === 'string' ? clip(value) : undefined
      else if ((CHOICES as readonly string[]).includes(key)) {
        const choices = schemasIn(value).map((choice) => this.#rewrite(choice, here))
        if (choices.length > 0) out[key] = choices
      } else if (key === 'required')
        out[key] = namesIn(value).filter((name) => isSchema(schema.properties) && name in schema.properties)
      else if (key === 'enum') {
        if (Array.isArray(value) && value.length > 0) out[key] = value
      } else if (key === 'items' && isSchema(value)) out[key] = this.#rewrite(value, here)
      else if (key === 'additionalProperties' && isSchema(value)) out[key] = this.#rewrite(value, here)
      else if (
        [
          'not',
          'if',
          'then',
          'else',
          'contains',
          'propertyNames',
          'unevaluatedProperties',
          'unevaluatedItems',
        ].includes(key)
      ) {
        if (isSchema(value)) out[key] = this.#rewrite(value, here)
      } else if (!['items', 'prefixItems', 'additionalItems'].includes(key)) out[key] = value
    }
    this.#giveType(out, schema, here)
    return out
  }

  /** Adds the type if other keywords imply it, and adds `items` to an array. */
  #giveType(out: Schema, schema: Schema, path: string[]): void {
    const tuple = [schema.prefixItems, schema.items].find(Array.isArray) as unknown[] | undefined
    if (out.type === undefined && !CHOICES.some((key) => key in out)) {
      if (out.properties || out.required) out.type = 'object'
      else if (out.items || tuple) out.type = 'array'
      else if (Array.isArray(out.enum) && out.enum.every((value) => typeof value === typeof (out.enum as unknown[])[0]))
        out.type = { string: 'string', number: 'number', boolean: 'boolean' }[typeof out.enum[0] as string] ?? undefined
      if (out.type === undefined) delete out.type
    }
    if (![out.type].flat().includes('array') || out.items) return
    const choices = (tuple ?? []).map((entry) => this.#rewrite(entry, path))
    out.items = choices.length > 1 ? { anyOf: choices } : (choices[0] ?? {})
  }

  /**
   * Follows a reference to its schema and merges in the keywords beside it. `path` holds the
   * references followed so far.
   */
  #followed(given: Schema, path: string[]): { schema: Schema; path: string[] } {
    this.#count += 1
    if (this.#count > SCHEMAS_MAX || path.length > DEPTH_MAX) throw new Unfit('Its schema is too large or too deep.')
    const { $ref: ref, ...beside } = given
    if (typeof ref !== 'string') return { schema: given, path: [...path, ''] }
    // A recursive schema has no end. At that point any value is accepted.
    const target = path.includes(ref) ? {} : this.#find(ref)
    if (target === undefined) throw new Unfit(`Its schema refers to ${ref.slice(0, 100)}, which is not in it.`)
    const { schema, path: on } = this.#followed(target, [...path, ref])
    return { schema: { ...schema, ...beside }, path: on }
  }

  #find(ref: string): Schema | undefined {
    if (!ref.startsWith('#')) return undefined
    let at: unknown = this.#root
    for (const step of ref.slice(1).split('/').slice(1)) {
      const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
      at = at instanceof Object && Object.hasOwn(at, name) ? (at as Schema)[name] : undefined
    }
    return isSchema(at) ? at : at === true ? {} : undefined
  }
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : []
}
