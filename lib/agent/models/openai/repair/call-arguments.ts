/**
 * A call's arguments as every server accepts them: the text of one JSON object. Undefined if they
 * are not one.
 */
export function readArguments(value: unknown): string | undefined {
  if (value === undefined) return '{}'
  if (typeof value === 'string') {
    const text = value.trim()
    // Some servers send nothing if a tool takes no arguments.
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

/**
 * The deepest nesting that is accepted. No tool means more, and a recursive walk would overflow the
 * stack.
 */
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
  // Called for each piece of a long text, so a text that cannot be whole is not parsed.
  if (!text.trimEnd().endsWith('}')) return false
  try {
    return isObject(JSON.parse(text))
  } catch {
    return false
  }
}

/** True for an object that is not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
