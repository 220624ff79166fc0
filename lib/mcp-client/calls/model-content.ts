import { isDeepStrictEqual } from 'node:util'
import { decodeText } from '#lib/data/attachments/decode-text.ts'
import { findPictureType } from '#lib/mcp-client/answers/picture-type.ts'
import { countPartsLeftOut } from '#lib/mcp-client/answers/read-result.ts'
import type { Result } from '#lib/mcp-client/calls/results.ts'
import { structuredWithoutBinary, withoutDataUrls } from '#lib/mcp-client/files/without-binary.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

const TEXT_MAX_CHARS = 40_000
const PARTS_MAX = 200
const PICTURES_MAX = 8
const PICTURE_MAX_BYTES = 5 * 1024 * 1024
const NOTE_MAX_CHARS = 500
const READABLE_MAX_BYTES = 4 * TEXT_MAX_CHARS

type Part = Result['content'][number]

/**
 * The part of a tool's result that a model gets: at most 40,000 characters of text in total, in at
 * most 200 parts, and up to eight pictures of readable types, of at most 5 MiB each. Everything
 * else is named in a text. Some models reject an empty result, so there is always a part.
 */
export function modelContent(result: Result | undefined): Result['content'] {
  const parts = (result?.content ?? []).map(toPart)
  const structured = result?.structuredContent === undefined ? undefined : structuredWithoutBinary(result)
  if (structured !== undefined && !holds(parts, structured)) parts.push(text(JSON.stringify(structured)))
  if (parts.length === 0) parts.push(text('Done. The tool returned nothing.'))
  return withinBudget(parts)
}

function text(value: string): Part {
  return { type: 'text', text: value }
}

function withinBudget(parts: Part[]): Part[] {
  let left = TEXT_MAX_CHARS
  let pictures = 0
  let dropped = 0
  const kept: Part[] = []
  for (const part of parts) {
    if (part.type === 'image') {
      pictures += 1
      if (pictures <= PICTURES_MAX) kept.push(part)
      else dropped += 1
      continue
    }
    const said = String(part.text)
    if (said === '' && parts.length > 1) continue
    if (left === 0 || kept.length === PARTS_MAX) dropped += countPartsLeftOut(said) || 1
    else kept.push(text(said.length <= left ? said : cut(said, left)))
    left = Math.max(0, left - said.length)
  }
  return dropped === 0
    ? kept
    : [...kept, text(`[${dropped} more ${dropped === 1 ? 'part was' : 'parts were'} left out]`)]
}

function cut(said: string, max: number): string {
  const start = cutText(said, max)
  return `${start}\n[${said.length - start.length} more characters were cut off]`
}

/** Converts a part to a text or a picture, the only kinds that model APIs take. */
function toPart(part: Part): Part {
  switch (part.type) {
    case 'text':
      return text(withoutDataUrls(String(part.text)))
    case 'image':
      return picture(part.data) ?? describePart('picture', part.mimeType, part.data)
    case 'audio':
      return describePart('recording', part.mimeType, part.data)
    case 'resource_link':
      return text(`[link: ${note([part.title ?? part.name, part.uri, part.mimeType, part.description])}]`)
    case 'resource':
      return resource((part.resource ?? {}) as Record<string, unknown>)
    default:
      return text(JSON.stringify(part))
  }
}

function resource({ uri, mimeType, text: words, blob }: Record<string, unknown>): Part {
  if (typeof words === 'string') return text(`[file: ${note([uri, mimeType])}]\n${words}`)
  return picture(blob) ?? readableFile(blob, mimeType, uri) ?? describePart('file', mimeType, blob, uri)
}

/** A file that came as base64 and is text: a model reads it like any other text. */
function readableFile(blob: unknown, mimeType: unknown, uri: unknown): Part | undefined {
  if (typeof blob !== 'string' || bytesOf(blob) > READABLE_MAX_BYTES) return undefined
  const read = decodeText(Buffer.from(blob, 'base64'))
  return read?.charset === 'utf-8' && read.text !== ''
    ? text(`[file: ${note([uri, mimeType])}]\n${read.text}`)
    : undefined
}

function picture(data: unknown): Part | undefined {
  const mimeType = findPictureType(data)
  return mimeType && bytesOf(data) <= PICTURE_MAX_BYTES ? { type: 'image', data, mimeType } : undefined
}

/** Describes a part that a model cannot be shown: its kind, name and size in bytes. */
function describePart(what: string, mimeType: unknown, data: unknown, uri?: unknown): Part {
  return text(`[${what}: ${note([uri, mimeType])}, ${bytesOf(data)} bytes, which cannot be shown here]`)
}

function note(facts: unknown[]): string {
  return cutText(
    facts.filter((fact) => typeof fact === 'string' && fact !== '').join(', ') || 'without a name',
    NOTE_MAX_CHARS,
  )
}

function bytesOf(data: unknown): number {
  return typeof data === 'string' ? Buffer.byteLength(data, 'base64') : 0
}

/**
 * True if the texts repeat the structured content, either whole or, as some servers wrap it, under
 * `result`.
 */
function holds(parts: Part[], structured: unknown): boolean {
  const texts = parts.flatMap((part) => (part.type === 'text' ? String(part.text) : []))
  const values = texts.map(parsed)
  const said = [...texts, ...values, values, texts]
  const { result, ...others } = (structured ?? {}) as { result?: unknown }
  const wrapped = result !== undefined && Object.keys(others).length === 0
  return said.some((value) => isDeepStrictEqual(value, structured) || (wrapped && isDeepStrictEqual(value, result)))
}

function parsed(said: string): unknown {
  try {
    return JSON.parse(said)
  } catch {
    // Not JSON: compared as plain text.
    return said
  }
}
