import { readFormFile } from '#app/api/attachments/form-file.ts'
import type { Limit } from '#lib/auth/limits/rate-limit.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { readBytes } from '#lib/platform/http/http.ts'

const MEGABYTE = 1024 * 1024
/** Allowance (bytes) for what surrounds the file in a form. */
const FORM_BYTES = 10_000
/** The uploads of a person, in either way. */
export const UPLOADS: Limit = {
  name: 'uploads',
  points: 120,
  seconds: 60,
  said: 'You have sent 120 files within a minute.',
  flood: true,
}
/** The most uploads that this process holds in memory at once, in total and for one person. */
const AT_ONCE = 8
const AT_ONCE_EACH = 3
const running: string[] = []

export type Upload = { bytes: Uint8Array; name: string; type: string }

/**
 * The caller's file from a request: the field `file` of a form, or the whole body. Throws
 * not_found if files are off, too_large, bad_request, and limited if too many uploads run at once.
 */
export async function withUpload<T>(
  { userId }: Caller,
  request: Request,
  use: (upload: Upload) => Promise<T>,
): Promise<T> {
  if (env().ATTACHMENTS === 'off') throw new AppError('not_found', 'This server takes no attachments.')
  const own = running.filter((person) => person === userId).length
  if (own >= AT_ONCE_EACH || running.length >= AT_ONCE)
    throw new AppError('limited', 'Many files are being uploaded just now. Try again in a moment.', { retryAfter: 2 })
  running.push(userId)
  try {
    return await use(await readUpload(request))
  } finally {
    running.splice(running.indexOf(userId), 1)
  }
}

async function readUpload(request: Request): Promise<Upload> {
  const max = env().ATTACHMENT_MAX_MB * MEGABYTE
  const type = request.headers.get('content-type') ?? ''
  const body = await readBytes(request, max + FORM_BYTES)
  if (!type.toLowerCase().startsWith('multipart/form-data')) return { bytes: body, name: '', type }
  return readFormFile(body, type)
}
