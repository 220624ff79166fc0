import { DOWNLOADS, fileResponse } from '#app/api/attachments/file-response.ts'
import { UPLOADS, withUpload } from '#app/api/attachments/receive-upload.ts'
import { route } from '#lib/auth/route.ts'
import { toKind } from '#lib/data/attachments/attachment-type.ts'
import { readAttachment, readAttachmentText, receiveAttachment } from '#lib/data/attachments/attachments.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** How much of a text (characters) is shown. The whole file can be saved. */
const SHOWN_MAX_CHARS = 200_000

/**
 * The second phase of an upload (protocol section 1.11): the raw bytes, or a form with the field
 * `file`.
 */
const receive = route({ params: ['id'], limit: UPLOADS }, async ({ request, caller, params: { id } }) =>
  withUpload(caller, request, async ({ bytes }) => jsonResponse(await receiveAttachment(caller, id, bytes))),
)

/**
 * The bytes of the caller's own attachment: a file to save, or with `?preview` a picture to show or
 * a recording to play. With `?text` the text of a text file or of a document, as JSON. Never sent as
 * a page.
 */
const download = route({ params: ['id'], limit: DOWNLOADS }, async ({ request, caller, params: { id } }) => {
  if (new URL(request.url).searchParams.has('text')) return showText(caller, id)
  const file = await readAttachment(caller, id)
  return fileResponse(request, file, 'private, max-age=3600, immutable')
})

/** Throws unsupported_type for a file that has no text. */
async function showText(caller: Caller, id: string): Promise<Response> {
  const { attachment, text } = await readAttachmentText(caller, id)
  if (text === null) throw new AppError('unsupported_type', 'This file has no text that can be shown.')
  const isCut = text.length > SHOWN_MAX_CHARS
  return jsonResponse({
    text: isCut ? cutText(text, SHOWN_MAX_CHARS) : text,
    is_cut: isCut,
    is_extract: toKind(attachment.mime_type) === 'office',
  })
}

export { download as GET, receive as POST, receive as PUT }
