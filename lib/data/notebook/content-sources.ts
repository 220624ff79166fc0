import { z } from 'zod'

/**
 * The field of a call's and a result's `_meta` in which our agent and our MCP server tell each other
 * where content comes from that others may have written. It stays with a note or task that was
 * written after such content, so that nothing gets clean by being kept.
 */
export const SOURCES_META = 'switchboard/sources'

const SOURCES_MAX = 10
const NAME_MAX_CHARS = 200

const Names = z.array(z.string().max(NAME_MAX_CHARS)).catch([])

/** The names in a `_meta`, 10 at most; none if they cannot be read. */
export function readSources(meta: unknown): string[] {
  return joinSources(Names.parse((meta as Record<string, unknown> | null | undefined)?.[SOURCES_META]))
}

/** The names of all lists, each once, 10 at most. */
export function joinSources(...lists: readonly string[][]): string[] {
  return [...new Set(lists.flat())].slice(0, SOURCES_MAX)
}
