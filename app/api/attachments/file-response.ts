import type { Limit } from '#lib/auth/limits/rate-limit.ts'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { toKind } from '#lib/data/attachments/attachment-type.ts'
import { decodeText } from '#lib/data/attachments/decode-text.ts'
import { contentDisposition } from '#lib/platform/http/content-disposition.ts'

/**
 * Generous, because a page of a conversation may show many pictures. Browsers cache each for an
 * hour.
 */
export const DOWNLOADS: Limit = {
  ...{ name: 'downloads', points: 600, seconds: 60, flood: true },
  said: 'You have loaded 600 files within a minute.',
}

/**
 * The response with a file: one to save, or with `?preview` a picture to show or a recording to
 * play. Never sent as a page. `cache` is its Cache-Control.
 */
export function fileResponse(
  request: Request,
  { attachment, bytes }: { attachment: Attachment; bytes: Uint8Array },
  cache: string,
): Response {
  const kind = toKind(attachment.mime_type)
  const shown = (kind === 'image' || kind === 'audio') && new URL(request.url).searchParams.has('preview')
  const part = kind === 'audio' ? findRange(request.headers.get('range'), bytes.byteLength) : undefined
  return new Response(new Uint8Array(part ? bytes.subarray(part.start, part.end) : bytes), {
    status: part ? 206 : 200,
    headers: {
      ...(kind === 'audio' && { 'accept-ranges': 'bytes' }),
      ...(part && { 'content-range': `bytes ${part.start}-${part.end - 1}/${bytes.byteLength}` }),
      'content-type':
        kind === 'text' ? `text/plain; charset=${decodeText(bytes)?.charset ?? 'utf-8'}` : attachment.mime_type,
      'content-disposition': contentDisposition(shown ? 'inline' : 'attachment', attachment.name),
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': cache,
    },
  })
}

/**
 * The part of a recording that a player asks for, without which some play nothing. Undefined for
 * any other range, which is answered with the whole file.
 */
function findRange(header: string | null, size: number): { start: number; end: number } | undefined {
  const [, from, to] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (from === undefined) return undefined
  const start = Number(from)
  const end = to ? Math.min(Number(to) + 1, size) : size
  return start < end ? { start, end } : undefined
}
