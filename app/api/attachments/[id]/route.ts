import { DOWNLOADS, fileResponse } from '#app/api/attachments/file-response.ts'
import { UPLOADS, withUpload } from '#app/api/attachments/receive-upload.ts'
import { route } from '#lib/auth/route.ts'
import { readAttachment, receiveAttachment } from '#lib/data/attachments/attachments.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

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
  const file = await readAttachment(caller, id)
  return fileResponse(request, file, 'private, max-age=3600, immutable')
})

export { download as GET, receive as POST, receive as PUT }
