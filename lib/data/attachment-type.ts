import { fileTypeFromBuffer } from 'file-type'
import { AppError } from '#lib/errors.ts'

/** Pictures that models and browsers both read. SVG is not among them: it can hold scripts. */
const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
const PDF = 'application/pdf'
/** Text by another name. */
const TEXTS =
  /^(text\/|application\/(json|xml|yaml|x-yaml|toml|javascript|typescript|sql|x-sh|x-ndjson)$|application\/[\w.-]+\+(json|xml)$)/
/** What browsers say of files whose type they do not know. */
const UNKNOWN = new Set(['', 'application/octet-stream'])
const ALIASES = new Map([
  ['image/jpg', 'image/jpeg'],
  ['image/apng', 'image/png'],
  ['application/x-pdf', PDF],
])

export type AttachmentKind = 'image' | 'pdf' | 'text'

/** What a declared type is to us. Throws unsupported_type for one that no model could read. */
export function kindOf(mimeType: string): AttachmentKind | 'unknown' {
  const type = plain(mimeType)
  if (IMAGES.has(type)) return 'image'
  if (type === PDF) return 'pdf'
  if (TEXTS.test(type)) return 'text'
  if (UNKNOWN.has(type)) return 'unknown'
  throw new AppError(
    'unsupported_type',
    `Files of the type ${type.slice(0, 60)} cannot be attached. Pictures (PNG, JPEG, GIF, WebP), PDF and text can.`,
  )
}

/** The type that the bytes have, which has to be the declared one. Throws unsupported_type. */
export async function checkedType(declared: string, bytes: Uint8Array): Promise<string> {
  const kind = kindOf(declared)
  const found = plain((await fileTypeFromBuffer(bytes))?.mime ?? '')
  const isText = (found === '' || TEXTS.test(found)) && readsAsText(bytes)
  if (kind === 'text' && isText) return plain(declared)
  if (kind === 'unknown') {
    if (isText) return 'text/plain'
    if (IMAGES.has(found) || found === PDF) return found
  }
  if ((kind === 'image' || kind === 'pdf') && found === plain(declared)) return found
  throw new AppError(
    'unsupported_type',
    'The file is not what its name says, or it is damaged. Pictures (PNG, JPEG, GIF, WebP), PDF and text can be attached.',
  )
}

function plain(mimeType: string): string {
  const type = mimeType.split(';')[0]?.trim().toLowerCase() ?? ''
  return ALIASES.get(type) ?? type
}

function readsAsText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}
