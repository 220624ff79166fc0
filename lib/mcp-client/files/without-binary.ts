import { createHash } from 'node:crypto'
import type { Part } from '#lib/mcp-client/answers/read-part.ts'

type Parts = { content: Part[]; structuredContent?: unknown }

/** Data URLs below this length (characters) are no files, and stay. */
const DATA_URL = /data:([\w.+-]{1,60}\/[\w.+-]{1,60})[\w;=.-]{0,100};base64,([A-Za-z0-9+/_-]{1000,}={0,2})/g

/**
 * A result for logs and records: each file's base64 is replaced by its size in bytes and its
 * SHA-256, wherever the result repeats it.
 */
export function withoutBinary<R extends Parts>(result: R): R {
  const marks = new Map<string, object>()
  const content = result.content.map((part) => markPart(part, marks))
  const { structuredContent } = result
  return {
    ...result,
    content,
    ...(structuredContent !== undefined && { structuredContent: markValue(structuredContent, marks) }),
  }
}

/** Structured content without the base64 of the result's own parts, and without data URLs. */
export function structuredWithoutBinary({ content, structuredContent }: Parts): unknown {
  const marks = new Map<string, object>()
  for (const part of content) markPart(part, marks)
  return markValue(structuredContent, marks)
}

/** A text in which each long data URL is replaced by its type and size. */
export function withoutDataUrls(text: string): string {
  if (!text.includes(';base64,')) return text
  return text.replace(
    DATA_URL,
    (_, type: string, data: string) => `[data URL: ${type}, ${Buffer.byteLength(data, 'base64')} bytes]`,
  )
}

function markPart(part: Part, marks: Map<string, object>): Part {
  if (typeof part.text === 'string') return { ...part, text: withoutDataUrls(part.text) }
  if (typeof part.data === 'string') {
    const { data, ...rest } = part
    return { ...rest, ...markOf(data as string, marks) } as Part
  }
  const { blob, ...resource } = (part.resource ?? {}) as { blob?: unknown }
  return typeof blob === 'string' ? { ...part, resource: { ...resource, ...markOf(blob, marks) } } : part
}

function markOf(data: string, marks: Map<string, object>): object {
  const known = marks.get(data)
  if (known) return known
  const bytes = Buffer.from(data, 'base64')
  const mark = { bytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') }
  marks.set(data, mark)
  return mark
}

// Results are at most 100 levels deep by now, so this recursion ends.
function markValue(value: unknown, marks: ReadonlyMap<string, object>): unknown {
  if (typeof value === 'string') return marks.get(value) ?? withoutDataUrls(value)
  if (Array.isArray(value)) return value.map((entry) => markValue(entry, marks))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, markValue(entry, marks)]))
}
