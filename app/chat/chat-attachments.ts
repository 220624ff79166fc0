import type { ComposerOption } from '@openai/chatkit'
import textExtensions from 'text-extensions'

/** What the server lets a person attach: bytes a file, files a message. */
export type AttachmentLimits = { maxBytes: number; maxCount: number }

/** What models can read. The server looks at the bytes again; this is for the file picker and for a quick word. */
const ACCEPTED: Record<string, string[]> = {
  'image/png': ['.png'],
  'image/jpeg': ['.jpg', '.jpeg'],
  'image/gif': ['.gif'],
  'image/webp': ['.webp'],
  'application/pdf': ['.pdf'],
  'text/*': textExtensions.filter((ending) => ending !== 'svg').map((ending) => `.${ending}`),
  'application/json': ['.json'],
  'application/xml': ['.xml'],
  'application/yaml': ['.yaml', '.yml'],
}

/** The composer's option for attachments; off where the server takes none. */
export function attachmentOption(limits: AttachmentLimits | null): ComposerOption['attachments'] {
  if (!limits) return { enabled: false }
  return { enabled: true, maxSize: limits.maxBytes, maxCount: limits.maxCount, accept: ACCEPTED }
}
