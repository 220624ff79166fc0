import type { ByteStore } from '#lib/data/attachments/byte-store.ts'
import { openFolderBytes } from '#lib/data/attachments/bytes-folder.ts'
import { openS3Bytes } from '#lib/data/attachments/bytes-s3.ts'
import { env, SettingsError } from '#lib/platform/env.ts'
import { newId } from '#lib/platform/ids.ts'
import type { Env } from '#lib/platform/settings.ts'

type Settings = Pick<
  Env,
  | 'ATTACHMENTS'
  | 'ATTACHMENTS_DIR'
  | 'S3_ENDPOINT'
  | 'S3_BUCKET'
  | 'S3_REGION'
  | 'S3_ACCESS_KEY_ID'
  | 'S3_SECRET_ACCESS_KEY'
>

/** Opens the byte store that the settings name: a folder or an S3-compatible bucket. */
export function openByteStore(settings: Settings = env()): ByteStore {
  const { S3_ENDPOINT, S3_BUCKET, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, ATTACHMENTS_DIR } = settings
  if (!S3_ENDPOINT || !S3_BUCKET || !S3_ACCESS_KEY_ID || !S3_SECRET_ACCESS_KEY) return openFolderBytes(ATTACHMENTS_DIR)
  const url = `${S3_ENDPOINT}/${encodeURIComponent(S3_BUCKET)}`
  return openS3Bytes({ url, region: S3_REGION, accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY })
}

/**
 * Writes, reads and deletes a few bytes in the store when the server starts. Otherwise the first
 * person who attaches a file would discover that the folder or bucket is not writable. Does nothing
 * if attachments are off. Throws SettingsError that says what to change.
 */
export async function requireWritableStore(settings: Settings): Promise<void> {
  if (settings.ATTACHMENTS === 'off') return
  const { S3_ENDPOINT, S3_BUCKET, ATTACHMENTS_DIR } = settings
  const store = openByteStore(settings)
  // All starts share one folder, with a file each, because replicas may start at the same time.
  const key = toBytesKey('probe_start', newId('probe'))
  const probe = new TextEncoder().encode('probe')
  try {
    await store.write(key, probe)
    const written = await store.read(key)
    await store.delete(key)
    if (!written || Buffer.compare(written, probe) !== 0) throw new Error('what was written is not there')
  } catch (error) {
    const reason = causeOf(error)
    throw new SettingsError(
      S3_ENDPOINT
        ? `Attached files cannot be kept in the bucket ${S3_BUCKET} at ${S3_ENDPOINT}: ${reason}. Check S3_ENDPOINT, S3_BUCKET, S3_REGION and the keys, or set ATTACHMENTS=off.`
        : `Attached files cannot be kept in ${ATTACHMENTS_DIR}: ${reason}. Let this user write there, set ATTACHMENTS_DIR to a folder that it can write, or set ATTACHMENTS=off.`,
    )
  }
}

/** The message of the underlying error. */
function causeOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message.replace(/\.$/, '')
}

/** The key under which an attachment's bytes are stored. */
export function toBytesKey(ownerId: string, attachmentId: string): string {
  return `${ownerId}/${attachmentId}`
}
