import { UPLOADS, withUpload } from '#app/api/attachments/receive-upload.ts'
import type { Limit } from '#lib/auth/limits/rate-limit.ts'
import { route } from '#lib/auth/route.ts'
import { toKind } from '#lib/data/attachments/attachment-type.ts'
import { readAttachment, receiveAttachment } from '#lib/data/attachments/attachments.ts'
import { decodeText } from '#lib/data/attachments/decode-text.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

/**
 * Generous, because a page of a conversation may show many pictures. Browsers cache each for an
 * hour.
 */
const DOWNLOADS: Limit = {
  ...{ name: 'downloads', points: 600, seconds: 60, flood: true },
  said: 'You have loaded 600 files within a minute.',
}

/**
 * The second phase of an upload (protocol section 1.11): the raw bytes, or a form with the field
 * `file`.
 */
const receive = route({ params: ['id'], limit: UPLOADS }, async ({ request, caller, params: { id } }) =>
  withUpload(caller, request, async ({ bytes }) => jsonResponse(await receiveAttachment(caller, id, bytes))),
)

/**
 * The bytes of the caller's own attachment: a file to save, or with `?preview` a picture to show or
 * a recording to play. Never sent as a page.
 */
const download = route({ params: ['id'], limit: DOWNLOADS }, async ({ request, caller, params: { id } }) => {
  const { attachment, bytes } = await readAttachment(caller, id)
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
      'content-disposition': `${shown ? 'inline' : 'attachment'}; filename*=UTF-8''${encoded(attachment.name)}`,
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'private, max-age=3600, immutable',
    },
  })
})

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

/**
 * Percent-encodes for RFC 8187, including the characters that encodeURIComponent leaves alone but a
 * header may not have.
 */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
}

export { download as GET, receive as POST, receive as PUT }
