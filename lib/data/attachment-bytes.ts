import { folderBytes } from '#lib/data/bytes-folder.ts'
import { s3Bytes } from '#lib/data/bytes-s3.ts'
import { env } from '#lib/env.ts'

/** Where the bytes of attachments are kept. Keys are ours: two ids with a slash between them. */
export interface AttachmentBytes {
  /** Whole or not at all; overwrites. */
  write(key: string, bytes: Uint8Array): Promise<void>
  /** Null where there are none. */
  read(key: string): Promise<Uint8Array | null>
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>
}

/** The store that the settings name: a folder, or an S3-compatible one. */
export function attachmentBytes(): AttachmentBytes {
  const { S3_ENDPOINT, S3_BUCKET, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, ATTACHMENTS_DIR } = env()
  if (!S3_ENDPOINT || !S3_BUCKET || !S3_ACCESS_KEY_ID || !S3_SECRET_ACCESS_KEY) return folderBytes(ATTACHMENTS_DIR)
  const url = `${S3_ENDPOINT}/${encodeURIComponent(S3_BUCKET)}`
  return s3Bytes({ url, region: S3_REGION, accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY })
}

/** Where an attachment's bytes are. */
export function bytesKey(ownerId: string, attachmentId: string): string {
  return `${ownerId}/${attachmentId}`
}
