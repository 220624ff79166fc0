/** The arguments of a call as every server takes them back: the text of one JSON object. Undefined if they are none. */
export function readArguments(value: unknown): string | undefined {
  if (value === undefined) return '{}'
  if (typeof value === 'string') {
    const text = value.trim()
    // Some servers send nothing if a tool takes nothing.
    if (text === '') return '{}'
    return isShallow(text) && isObjectText(text) ? text : undefined
  }
  if (!isObject(value)) return undefined
  try {
    const text = JSON.stringify(value)
    return isShallow(text) ? text : undefined
  } catch {
    return undefined
  }
}

/** What is nested deeper no tool means, and ends the stack of whoever walks through it. */
const DEPTH_MAX = 200

function isShallow(text: string): boolean {
  let depth = 0
  let inText = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (inText && char === '\\') at += 1
    else if (char === '"') inText = !inText
    else if (!inText && (char === '[' || char === '{')) depth += 1
    else if (!inText && (char === ']' || char === '}')) depth -= 1
    if (depth > DEPTH_MAX) return false
  }
  return true
}

/** True if the text is one whole JSON object. */
export function isObjectText(text: string): boolean {
  // Asked of each piece of a long text: what cannot be whole is not read.
  if (!text.trimEnd().endsWith('}')) return false
  try {
    return isObject(JSON.parse(text))
  } catch {
    return false
  }
}

/** True for an object that is no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
