import type { ReadResourceResult } from '@modelcontextprotocol/client'
import { toKind } from '#lib/data/attachments/attachment-type.ts'
import { readSources } from '#lib/data/notebook/content-sources.ts'
import { type Asker, askServer, requireServer } from '#lib/mcp-client/offers/ask-server.ts'
import { AppError } from '#lib/platform/errors.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** How much of a resource the model reads (characters), as of an attached file. */
const TEXT_MAX_CHARS = 40_000
const PARTS_MAX = 200
const TEXTUAL = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|yaml|toml|javascript)\b)/i

/**
 * A resource that was read: its text, at most 40,000 characters, and how many there were; or a
 * picture or PDF (base64). `sources` are those of a note of the person's own.
 */
export type ReadResource = { sources: string[] } & (
  | { text: string; chars: number; file?: undefined }
  | { file: { mimeType: string; data: string }; text?: undefined; chars?: undefined }
)

/**
 * Reads a resource as this person. Several contents become one text; without any text, the first
 * picture or PDF counts. Throws unsupported_type if there is neither, and what `askServer` throws.
 */
export async function readResource(
  asker: Asker,
  { server: name, uri }: { server: string; uri: string },
): Promise<ReadResource> {
  const server = await requireServer(asker, name)
  const { contents, _meta } = await askServer(server, asker, (client, options) =>
    client.readResource({ uri }, { ...options, cacheMode: 'bypass' }),
  )
  // Only our own server is believed what it says of a note.
  const sources = server.builtin ? readSources(_meta) : []
  const parts = contents.slice(0, PARTS_MAX)
  const texts = parts.flatMap((part) => {
    const text = textOf(part)
    if (text === undefined) return []
    return parts.length > 1 ? `${part.uri}:\n${text}` : text
  })
  if (texts.length === 0) {
    const file = parts.map(fileOf).find((one) => one !== undefined)
    if (file) return { file, sources }
    const type = parts[0]?.mimeType?.slice(0, 100) ?? 'nothing at all'
    throw new AppError(
      'unsupported_type',
      `It holds no text (${type}), and only text, pictures and PDF files can be attached.`,
    )
  }
  const whole = texts.join('\n\n').replaceAll('\0', '')
  return { text: cutText(whole, TEXT_MAX_CHARS), chars: whole.length, sources }
}

function textOf(part: ReadResourceResult['contents'][number]): string | undefined {
  if ('text' in part) return part.text
  if (!TEXTUAL.test(part.mimeType ?? '')) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part.blob, 'base64'))
  } catch {
    // Not UTF-8, whatever its type says.
    return undefined
  }
}

function fileOf(part: ReadResourceResult['contents'][number]): { mimeType: string; data: string } | undefined {
  if ('text' in part) return undefined
  const { mimeType = '', blob } = part
  return ['image', 'pdf'].includes(toKind(mimeType)) ? { mimeType, data: blob } : undefined
}
