import type { ModelRequest } from '@openai/agents'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/**
 * The request without what no model server takes in a text: NUL and halves of surrogate pairs become U+FFFD, wherever people, tools,
 * their definitions or a cut brought them in.
 */
export function wellFormedRequest(request: ModelRequest): ModelRequest {
  const { input, systemInstructions, tools } = request
  return {
    ...request,
    input: wellFormed(input),
    systemInstructions: wellFormed(systemInstructions),
    tools: wellFormed(tools),
  }
}

/** A JSON value with every text in it well-formed: itself where all of them are. */
function wellFormed<T>(value: T): T {
  if (typeof value === 'string')
    return (value.isWellFormed() && !value.includes('\0') ? value : toStorableText(value)) as T
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) {
    const entries = value.map(wellFormed)
    return (entries.some((entry, index) => entry !== value[index]) ? entries : value) as T
  }
  const entries = Object.entries(value).map(([key, entry]) => [wellFormed(key), wellFormed(entry), key, entry] as const)
  const same = entries.every(([key, entry, oldKey, oldEntry]) => key === oldKey && entry === oldEntry)
  return same ? value : (Object.fromEntries(entries.map(([key, entry]) => [key, entry])) as T)
}
