import type { OfferedTool } from '#lib/agent/models/direct/read-turn.ts'

type Read = { values: Record<string, unknown> } | { problem: string }

const KEY = /([\w.-]+)=/y

/**
 * Parses the arguments after a tool's name. If some are missing or cannot be read, a sentence says
 * so.
 */
export function readArguments(text: string, tool: OfferedTool): Read {
  const read = parsed(text.trim(), tool)
  if ('problem' in read) return read
  const missing = tool.required.filter((key) => !Object.hasOwn(read.values, key))
  if (missing.length === 0) return read
  return {
    problem: `\`${missing.join('`, `')}\` ${missing.length === 1 ? 'is' : 'are'} missing: \`${describeUsage(tool)}\`.`,
  }
}

/** How a tool is called: `/add_task title=… [due=…]`. */
export function describeUsage({ name, properties, required }: OfferedTool): string {
  const args = Object.keys(properties).map((key) => (required.includes(key) ? `${key}=…` : `[${key}=…]`))
  return [`/${name}`, ...args].join(' ')
}

function parsed(text: string, tool: OfferedTool): Read {
  const values = new Map<string, unknown>()
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at] ?? '')) {
      at += 1
      continue
    }
    KEY.lastIndex = at
    const key = KEY.exec(text)?.[1]
    if (key === undefined) return at === 0 ? onlyArgument(text, tool) : problem(text.slice(at))
    const end = endOfValue(text, at + key.length + 1)
    if (end === undefined) return problem(text.slice(at))
    if (values.has(key)) return { problem: `\`${key}\` is given twice. Say it once.` }
    const raw = text.slice(at + key.length + 1, end)
    const schema = schemaOf(tool, key)
    if (/^[{[]/.test(raw) && !typesOf(schema).includes('string') && readJson(raw) === undefined) return problem(raw)
    values.set(key, readValue(raw, schema))
    at = end
  }
  // `fromEntries` makes own properties of all names, such as `__proto__`.
  return { values: Object.fromEntries(values) }
}

function schemaOf({ properties }: OfferedTool, key: string): unknown {
  return Object.hasOwn(properties, key) ? properties[key] : undefined
}

/** `/add_task buy milk`: a tool with one required text argument needs no key. */
function onlyArgument(text: string, tool: OfferedTool): Read {
  const [key, another] = tool.required
  if (text.startsWith('{')) {
    const values = readJson(text)
    return values === undefined ? problem(text) : { values: values as Record<string, unknown> }
  }
  return key && another === undefined ? { values: { [key]: readValue(text, schemaOf(tool, key)) } } : problem(text)
}

function problem(near: string): Read {
  return {
    problem: `I could not read \`${near.slice(0, 60).replaceAll('`', "'")}\`. Write arguments as \`key=value\`, \`key="several words"\` or \`key={"json": true}\`.`,
  }
}

/**
 * The index at which the value that begins at `start` ends: after its closing quote or bracket, or
 * at the next space.
 */
function endOfValue(text: string, start: number): number | undefined {
  const first = text[start] ?? ''
  if (!'"\'{['.includes(first) || first === '') {
    const space = text.slice(start).search(/\s/)
    return space < 0 ? text.length : start + space
  }
  let quote = ''
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (quote) {
      if (char === '\\') at += 1
      else if (char === quote) quote = ''
    } else if (char === '"' || (char === "'" && at === start)) quote = char
    else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') depth -= 1
    if (!quote && depth === 0) return at + 1
  }
  return undefined
}

function readValue(text: string, schema: unknown): unknown {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("\\'", "'")
  const value = readJson(text)
  if (value === undefined) return text.startsWith('"') ? text.slice(1, -1).replaceAll('\\"', '"') : text
  // "title=123" is text if the tool wants text.
  const types = typesOf(schema)
  const isText = types.includes('string') && !namesOf(value).some((name) => types.includes(name))
  return isText && !text.startsWith('"') ? text : value
}

/** The parsed JSON; undefined if the text is not JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The JSON Schema types that a value may have, if the schema names them. */
function typesOf(schema: unknown): string[] {
  const { type, anyOf, oneOf } = (schema ?? {}) as { type?: unknown; anyOf?: unknown; oneOf?: unknown }
  return [type, anyOf, oneOf].flat().flatMap((part) => (typeof part === 'string' ? part : part ? typesOf(part) : []))
}

function namesOf(value: unknown): string[] {
  if (value === null) return ['null']
  if (typeof value === 'number') return ['number', 'integer']
  return [Array.isArray(value) ? 'array' : typeof value]
}
