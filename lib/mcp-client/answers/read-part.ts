import { isSpecType } from '@modelcontextprotocol/client'
import { findPictureType } from '#lib/mcp-client/answers/picture-type.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** A part of a tool's result (MCP, ContentBlock). */
export type Part = { type: string; [field: string]: unknown }

const QUOTED_MAX_CHARS = 2_000
/** Encoded bytes, which mean nothing to a reader. */
const BASE64 = /[A-Za-z0-9+/]{500,}={0,2}/g

// The required and the optional fields of each kind of part.
const FIELDS: Record<string, { needs: string[]; may: string[] }> = {
  text: { needs: ['text'], may: [] },
  image: { needs: ['data', 'mimeType'], may: [] },
  audio: { needs: ['data', 'mimeType'], may: [] },
  resource_link: { needs: ['name', 'uri'], may: ['title', 'description', 'mimeType'] },
  resource: { needs: ['resource'], may: [] },
}

/**
 * Converts a part of a result to a form that the SDK reads: unchanged if valid, repaired if its
 * meaning is clear, else a text that names what could not be read.
 */
export function readPart(part: unknown): Part {
  if (isSpecType.ContentBlock(part)) return part as Part
  if (typeof part === 'string') return { type: 'text', text: part }
  const mended = mend(part)
  return isSpecType.ContentBlock(mended) ? (mended as Part) : { type: 'text', text: unread(part) }
}

/** Reduces a part to the fields of its kind, and derives missing ones from the others. */
function mend(part: unknown): unknown {
  if (part === null || typeof part !== 'object') return part
  const given = part as Record<string, unknown>
  const type = given.type ?? (typeof given.text === 'string' ? 'text' : undefined)
  const fields = typeof type === 'string' && Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined
  if (!fields) return part
  const kept: Record<string, unknown> = { type }
  for (const name of fields.needs) kept[name] = given[name]
  for (const name of fields.may) if (typeof given[name] === 'string') kept[name] = given[name]
  if (type === 'text' && (typeof given.text === 'number' || typeof given.text === 'boolean'))
    kept.text = String(given.text)
  if (type === 'resource_link' && typeof given.name !== 'string') kept.name = given.title ?? given.uri
  if (type === 'image' && typeof given.mimeType !== 'string') kept.mimeType = findPictureType(given.data)
  if (type === 'resource' && given.resource && typeof given.resource === 'object') {
    const { uri, mimeType, text, blob } = given.resource as Record<string, unknown>
    kept.resource = {
      uri,
      ...(typeof mimeType === 'string' && { mimeType }),
      ...(typeof text === 'string' ? { text } : { blob }),
    }
  }
  return kept
}

function unread(part: unknown): string {
  const { type } = (part ?? {}) as { type?: unknown }
  const fields = typeof type === 'string' && Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined
  const kind = typeof type === 'string' ? `of the type ${JSON.stringify(cutText(type, 60))}` : 'without a type'
  const missing = fields?.needs.filter((name) => (part as Record<string, unknown>)[name] === undefined) ?? []
  const why = missing.length > 0 ? ` (${missing.join(' and ')} missing)` : ''
  const shown = (JSON.stringify(part) ?? 'undefined').replace(BASE64, (data) => `[${data.length} characters]`)
  const quoted = shown.length > QUOTED_MAX_CHARS ? `${cutText(shown, QUOTED_MAX_CHARS)}…` : shown
  return `[A part of this answer ${kind} could not be read${why}: ${quoted}]`
}
