import type { ModelRequest } from '@openai/agents'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/**
 * The request without characters that model servers refuse: NUL and lone surrogates become U+FFFD,
 * whether they come from people, tools, tool definitions or clipping.
 */
export function toWellFormedRequest(request: ModelRequest): ModelRequest {
  const { input, systemInstructions, tools } = request
  return {
    ...request,
    input: wellFormed(input),
    systemInstructions: wellFormed(systemInstructions),
    tools: wellFormed(tools),
  }
}

/** A JSON value in which every text is well-formed; the same value if nothing changes. */
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
