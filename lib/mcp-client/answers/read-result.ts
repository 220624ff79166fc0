import { readPart } from '#lib/mcp-client/answers/read-part.ts'
import { isDeeper } from '#lib/platform/json/is-deeper.ts'

const MAX_DEPTH = 100
/** Each part is processed on its own, and no model reads this many. */
const PARTS_MAX = 500
const LEFT_OUT = ' more parts of this answer were left out]'

/** A JSON object whose fields were not checked. */
export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/**
 * Converts the result of a call to a form that the SDK reads. The call was made, whatever its
 * result looks like: readable parts are kept, unreadable ones are named in a text, and values below
 * 100 levels are cut, since they can be parsed but not serialized.
 */
export function readResult(sent: Fields): Fields {
  const { content, structuredContent, isError, _meta, ...rest } = isDeeper(sent, MAX_DEPTH)
    ? (cut(sent, 0) as Fields)
    : sent
  const given = partsOf(content, rest)
  const parts = given.slice(0, PARTS_MAX).map(readPart)
  if (given.length > PARTS_MAX) parts.push({ type: 'text', text: `[${given.length - PARTS_MAX}${LEFT_OUT}` })
  const structured = structuredContent !== undefined && structuredContent !== null
  // Older revisions allow only objects here; anything else goes into a text.
  if (structured && !isFields(structuredContent)) parts.push({ type: 'text', text: JSON.stringify(structuredContent) })
  return {
    ...rest,
    content: parts,
    ...(isFields(structuredContent) && { structuredContent }),
    ...((isError === true || isError === 'true') && { isError: true }),
    ...(isFields(_meta) && { _meta }),
  }
}

/** How many parts a text says were left out; 0 for any other text. */
export function countPartsLeftOut(text: string): number {
  return text.endsWith(LEFT_OUT) ? Number(/^\[(\d{1,9}) /.exec(text)?.[1] ?? 0) : 0
}

function partsOf(content: unknown, { toolResult }: Fields): unknown[] {
  if (Array.isArray(content)) return content
  if (content !== undefined && content !== null) return [content]
  // Revision 2024-10-07.
  return toolResult === undefined ? [] : [typeof toolResult === 'string' ? toolResult : JSON.stringify(toolResult)]
}

function cut(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object') return value
  if (depth === MAX_DEPTH) return '[too deep]'
  if (Array.isArray(value)) return value.map((entry) => cut(entry, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cut(entry, depth + 1)]))
}
