import { UPLOADS, withUpload } from '#app/api/attachments/receive-upload.ts'
import { route } from '#lib/auth/route.ts'
import { announceAttachment, receiveAttachment } from '#lib/data/attachments/attachments.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

/**
 * Direct upload (protocol section 1.11): a form with the field `file`, answered with the
 * attachment.
 */
export const POST = route({ limit: UPLOADS }, async ({ request, caller }) =>
  withUpload(caller, request, async ({ bytes, name, type }) => {
    const { id } = await announceAttachment(caller, { name, size: bytes.byteLength, mime_type: type })
    return jsonResponse(await receiveAttachment(caller, id, bytes))
  }),
)
