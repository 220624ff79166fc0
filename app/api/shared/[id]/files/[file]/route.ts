import { DOWNLOADS, fileResponse } from '#app/api/attachments/file-response.ts'
import { route } from '#lib/auth/route.ts'
import { readSharedFile } from '#lib/data/shares/share-reader.ts'

/** The bytes of a file of a share. No browser keeps them, because the share may end at any moment. */
export const GET = route(
  { params: ['id', 'file'], limit: DOWNLOADS },
  async ({ request, caller, params: { id, file } }) =>
    fileResponse(request, await readSharedFile(caller, id, file), 'private, no-store'),
)
