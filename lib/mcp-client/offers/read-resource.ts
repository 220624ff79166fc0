import type { ReadResourceResult } from '@modelcontextprotocol/client'
import { type Asker, askServer, requireServer } from '#lib/mcp-client/offers/ask-server.ts'
import { AppError } from '#lib/platform/errors.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** How much of a resource the model reads (characters), as of an attached file. */
const TEXT_MAX_CHARS = 40_000
const PARTS_MAX = 200
const TEXTUAL = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|yaml|toml|javascript)\b)/i

/** A resource that was read: its text, at most 40,000 characters, and how many there were. */
export type ReadResource = { text: string; chars: number }

/**
 * Reads a resource as this person. Several contents become one text. Throws unsupported_type if
 * there is no text in it, and what `askServer` throws.
 */
export async function readResource(
  asker: Asker,
  { server: name, uri }: { server: string; uri: string },
): Promise<ReadResource> {
  const server = await requireServer(asker, name)
  const { contents } = await askServer(server, asker, (client, options) =>
    client.readResource({ uri }, { ...options, cacheMode: 'bypass' }),
  )
  const parts = contents.slice(0, PARTS_MAX)
  const texts = parts.flatMap((part) => {
    const text = textOf(part)
    if (text === undefined) return []
    return parts.length > 1 ? `${part.uri}:\n${text}` : text
  })
  if (texts.length === 0)
    throw new AppError(
      'unsupported_type',
      `It holds no text (${parts[0]?.mimeType?.slice(0, 100) ?? 'nothing at all'}), and only text can be attached.`,
    )
  const whole = texts.join('\n\n').replaceAll('\0', '')
  return { text: cutText(whole, TEXT_MAX_CHARS), chars: whole.length }
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
