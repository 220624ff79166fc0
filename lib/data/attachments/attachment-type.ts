import { fileTypeFromBuffer } from 'file-type'
import textExtensions from 'text-extensions'
import { decodeText } from '#lib/data/attachments/decode-text.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * Pictures that both models and browsers can read. SVG is left out because it can contain scripts.
 */
const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
const PDF = 'application/pdf'
/** Types that are text, whatever they are called. */
const TEXTS =
  /^(text\/|application\/(json|xml|yaml|x-yaml|toml|javascript|typescript|sql|x-sh|x-ndjson)$|application\/[\w.-]+\+(json|xml)$)/
/** What browsers report for files of unknown type. */
const UNKNOWN = new Set(['', 'application/octet-stream'])
const ALIASES = new Map([
  ['image/jpg', 'image/jpeg'],
  ['image/apng', 'image/png'],
  ['application/x-pdf', PDF],
])
/**
 * Endings of readable files, whatever type the browser reports: one reports `.csv` as Excel,
 * another `.ts` as video.
 */
const READABLE_ENDINGS = new Set([
  ...textExtensions.filter((ending) => ending !== 'svg'),
  'png',
  'jpg',
  'jpeg',
  'gif',
  'webp',
  'pdf',
])
const KINDS = 'Pictures (PNG, JPEG, GIF, WebP), PDF and text can'

export type AttachmentKind = 'image' | 'pdf' | 'text'

/** The kind of a stored type. */
export function toKind(mimeType: string): AttachmentKind {
  const type = plain(mimeType)
  if (IMAGES.has(type)) return 'image'
  return type === PDF ? 'pdf' : 'text'
}

/**
 * Refuses a file that no model could read before it is uploaded, judged by the browser's type and
 * the name. The bytes decide later (`requireTrueType`). Throws unsupported_type.
 */
export function requireReadable(mimeType: string, name: string): void {
  const type = plain(mimeType)
  if (IMAGES.has(type) || type === PDF || TEXTS.test(type) || UNKNOWN.has(type)) return
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  if (READABLE_ENDINGS.has(ending)) return
  throw new AppError('unsupported_type', `Files of the type ${type.slice(0, 60)} cannot be attached. ${KINDS}.`)
}

/**
 * Returns the type of the bytes. A file declared as a picture or a PDF must really be one. Throws
 * unsupported_type.
 */
export async function requireTrueType(declared: string, bytes: Uint8Array): Promise<string> {
  const found = plain((await fileTypeFromBuffer(bytes))?.mime ?? '')
  if (IMAGES.has(found) || found === PDF) return found
  const type = plain(declared)
  if (!IMAGES.has(type) && type !== PDF && decodeText(bytes)) return TEXTS.test(type) ? type : 'text/plain'
  throw new AppError('unsupported_type', `The file is not what its name says, or it is damaged. ${KINDS} be attached.`)
}

function plain(mimeType: string): string {
  const type = mimeType.split(';')[0]?.trim().toLowerCase() ?? ''
  return ALIASES.get(type) ?? type
}
