import type { Part } from '#lib/mcp-client/answers/read-part.ts'

type Fields = Record<string, unknown>

/** A file in a result: its bytes are base64 (`data`) or text. */
export type FilePart = { name: string; mimeType: string } & ({ data: string } | { text: string })

/** A link in a result, as its server sent it. */
export type LinkPart = { name: string; uri: string; mimeType: string }

const ENDINGS: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/svg+xml': 'svg',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/ogg': 'ogg',
  'audio/mp4': 'm4a',
  'audio/flac': 'flac',
}

/**
 * The files and links of a result that are for the person: pictures, recordings, embedded
 * resources, resource links. A part that is marked as being for the model alone is left out.
 */
export function listFileParts(
  { content }: { content: Part[] },
  tool: string,
): { files: FilePart[]; links: LinkPart[] } {
  const files: FilePart[] = []
  const links: LinkPart[] = []
  for (const part of content) {
    if (!isForPerson(part)) continue
    if (part.type === 'resource_link') links.push(toLink(part))
    else {
      const file = toFile(part, tool, files.length)
      if (file) files.push(file)
    }
  }
  return { files, links }
}

function isForPerson({ annotations }: Part): boolean {
  const audience = (annotations as { audience?: unknown } | undefined)?.audience
  return !Array.isArray(audience) || audience.length === 0 || audience.includes('user')
}

function toFile(part: Part, tool: string, index: number): FilePart | undefined {
  if (part.type === 'image' || part.type === 'audio') {
    const mimeType = textOf(part.mimeType)
    const ending = ENDINGS[mimeType.toLowerCase()]
    const name = `${tool}${index > 0 ? `-${index + 1}` : ''}${ending ? `.${ending}` : ''}`
    return typeof part.data === 'string' ? { name, mimeType, data: part.data } : undefined
  }
  if (part.type !== 'resource') return undefined
  const { uri, mimeType, text, blob, title, name } = (part.resource ?? {}) as Fields
  const about = { name: textOf(title) || textOf(name) || nameOf(textOf(uri)), mimeType: textOf(mimeType) }
  if (typeof text === 'string') return { ...about, text }
  return typeof blob === 'string' ? { ...about, data: blob } : undefined
}

function toLink({ uri, title, name, mimeType }: Part): LinkPart {
  return { name: textOf(title) || textOf(name) || textOf(uri), uri: textOf(uri), mimeType: textOf(mimeType) }
}

/** The last part of an address, as a file's name. */
function nameOf(uri: string): string {
  const path = uri.replace(/[?#].*$/s, '').replace(/\/+$/, '')
  try {
    return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
  } catch {
    // A stray percent sign: the name is shown as it is.
    return path.slice(path.lastIndexOf('/') + 1)
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
