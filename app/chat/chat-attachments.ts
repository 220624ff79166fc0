import type { ComposerOption } from '@openai/chatkit'
import textExtensions from 'text-extensions'

/** The server's limits for attachments: bytes per file, and files per message. */
export type AttachmentLimits = { maxBytes: number; maxCount: number }

/**
 * What models can read. The server checks the bytes again; this list is for the file picker and for
 * early feedback.
 */
const ACCEPTED: Record<string, string[]> = {
  'image/png': ['.png'],
  'image/jpeg': ['.jpg', '.jpeg'],
  'image/gif': ['.gif'],
  'image/webp': ['.webp'],
  'application/pdf': ['.pdf'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['.docx', '.docm', '.dotx', '.dotm'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['.xlsx', '.xlsm', '.xltx', '.xltm'],
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': ['.pptx', '.pptm', '.potx', '.potm'],
  'text/*': textExtensions.filter((ending) => ending !== 'svg').map((ending) => `.${ending}`),
  'application/json': ['.json'],
  'application/xml': ['.xml'],
  'application/yaml': ['.yaml', '.yml'],
}

/** The composer's option for attachments. Disabled if the server accepts none. */
export function toAttachmentOption(limits: AttachmentLimits | null): ComposerOption['attachments'] {
  if (!limits) return { enabled: false }
  return { enabled: true, maxSize: limits.maxBytes, maxCount: limits.maxCount, accept: ACCEPTED }
}
