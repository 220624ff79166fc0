import { fileTypeFromBuffer } from 'file-type'
import textExtensions from 'text-extensions'
import { decodeText } from '#lib/data/attachments/decode-text.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * Pictures that both models and browsers can read. SVG is left out because it can contain scripts.
 */
const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
const PDF = 'application/pdf'
/**
 * Word, Excel and PowerPoint documents, with and without macros, which are never run: their text is
 * read.
 */
const OFFICE =
  /^application\/vnd\.(?:openxmlformats-officedocument\.(?:wordprocessingml\.(?:document|template)|spreadsheetml\.(?:sheet|template)|presentationml\.(?:presentation|template|slideshow))|ms-(?:word\.(?:document|template)|excel\.(?:sheet|template)|powerpoint\.(?:presentation|template|slideshow))\.macroenabled\.12)$/
const OFFICE_ENDINGS = ['docx', 'docm', 'dotx', 'dotm', 'xlsx', 'xlsm', 'xltx', 'xltm', 'pptx', 'pptm', 'potx', 'potm']
/** What the programs of Office wrote until 2007, and what they still write with a password. */
const COMPOUND = 'application/x-cfb'
const OLD_OFFICE = /^(?:doc|dot|xls|xlt|ppt|pps|pot)$/
/** The name of the stream in a compound file that holds a document with a password. */
const ENCRYPTED = Buffer.from('EncryptedPackage', 'utf16le')
/** Types that are text, whatever they are called. */
const TEXTS =
  /^(text\/|application\/(json|xml|yaml|x-yaml|toml|javascript|typescript|sql|x-sh|x-ndjson)$|application\/[\w.-]+\+(json|xml)$)/
/** What browsers report for files of unknown type. */
const UNKNOWN = new Set(['', 'application/octet-stream'])
const ALIASES = new Map([
  ['image/jpg', 'image/jpeg'],
  ['image/apng', 'image/png'],
  ['application/x-pdf', PDF],
  ['audio/mp3', 'audio/mpeg'],
  ['audio/x-wav', 'audio/wav'],
  ['audio/wave', 'audio/wav'],
  ['audio/x-flac', 'audio/flac'],
  ['audio/x-m4a', 'audio/mp4'],
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
  ...OFFICE_ENDINGS,
])
const KINDS = 'Pictures (PNG, JPEG, GIF, WebP), PDF, Word, Excel, PowerPoint and text can'
const TOO_OLD =
  'This document is in a format that Office used until 2007. Save it as DOCX, XLSX or PPTX, and attach that.'

/** Recordings that browsers play. */
const RECORDINGS = new Set(['audio/mpeg', 'audio/wav', 'audio/ogg', 'audio/flac', 'audio/mp4', 'audio/aac'])
const BINARY = 'application/octet-stream'

/** `audio` and `binary` come only from tools. */
export type AttachmentKind = 'image' | 'pdf' | 'office' | 'text' | 'audio' | 'binary'

/** The kind of a stored type. */
export function toKind(mimeType: string): AttachmentKind {
  const type = plain(mimeType)
  if (IMAGES.has(type)) return 'image'
  if (type === PDF) return 'pdf'
  if (OFFICE.test(type)) return 'office'
  if (RECORDINGS.has(type)) return 'audio'
  return TEXTS.test(type) ? 'text' : 'binary'
}

/**
 * Refuses a file that no model could read before it is uploaded, judged by the browser's type and
 * the name. The bytes decide later (`requireTrueType`). Throws unsupported_type.
 */
export function requireReadable(mimeType: string, name: string): void {
  const type = plain(mimeType)
  if (isReadable(type) || TEXTS.test(type) || UNKNOWN.has(type)) return
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  if (READABLE_ENDINGS.has(ending)) return
  if (OLD_OFFICE.test(ending)) throw new AppError('unsupported_type', TOO_OLD)
  throw new AppError('unsupported_type', `Files of the type ${type.slice(0, 60)} cannot be attached. ${KINDS}.`)
}

/**
 * Returns the type of the bytes. A file declared as a picture or a PDF must really be one. Throws
 * unsupported_type.
 */
export async function requireTrueType(declared: string, bytes: Uint8Array): Promise<string> {
  const found = plain((await fileTypeFromBuffer(bytes))?.mime ?? '')
  if (isReadable(found)) return found
  if (found === COMPOUND)
    throw new AppError(
      'unsupported_type',
      Buffer.from(bytes).includes(ENCRYPTED)
        ? 'The document is locked with a password. Attach a copy without one.'
        : TOO_OLD,
    )
  const type = plain(declared)
  if (!isReadable(type) && decodeText(bytes)) return TEXTS.test(type) ? type : 'text/plain'
  throw new AppError('unsupported_type', `The file is not what its name says, or it is damaged. ${KINDS} be attached.`)
}

/**
 * Returns the type under which a file of a tool's result is kept, from its bytes. A file that is
 * declared as a picture, a recording or a PDF must really be one. Throws unsupported_type.
 */
export async function requireResultType(declared: string, bytes: Uint8Array): Promise<string> {
  const found = plain((await fileTypeFromBuffer(bytes))?.mime ?? '')
  if (isReadable(found) || RECORDINGS.has(found)) return found
  const type = plain(declared)
  if (IMAGES.has(type) || RECORDINGS.has(type) || type === PDF || /^audio\//.test(type))
    throw new AppError('unsupported_type', 'It is not what its type says, or it is damaged.')
  if (decodeText(bytes)) return TEXTS.test(type) ? type : 'text/plain'
  return BINARY
}

function isReadable(type: string): boolean {
  return IMAGES.has(type) || type === PDF || OFFICE.test(type)
}

function plain(mimeType: string): string {
  const type = mimeType.split(';')[0]?.trim().toLowerCase() ?? ''
  return ALIASES.get(type) ?? type
}
