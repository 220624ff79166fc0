/** The arguments of a call as every server takes them back: the text of one JSON object. Undefined if they are none. */
export function readArguments(value: unknown): string | undefined {
  if (value === undefined) return '{}'
  if (typeof value === 'string') {
    const text = value.trim()
    // Some servers send nothing if a tool takes nothing.
    if (text === '') return '{}'
    return isObjectText(text) ? text : undefined
  }
  return isObject(value) ? JSON.stringify(value) : undefined
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
