import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { openByteStore, toBytesKey } from '#lib/data/attachments/attachment-bytes.ts'
import { expireAttachments, UNFINISHED_MS } from '#lib/data/attachments/attachment-expiry.ts'
import { requireRoom, requireSize, toKeptSize } from '#lib/data/attachments/attachment-quota.ts'
import { requireReadable, requireTrueType, toKind } from '#lib/data/attachments/attachment-type.ts'
import { decodeText } from '#lib/data/attachments/decode-text.ts'
import { cleanFileName } from '#lib/data/attachments/file-name.ts'
import { openAttachment } from '#lib/data/attachments/opening/open-attachment.ts'
import type { Prisma } from '#lib/generated/prisma/client.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'
import { log } from '#lib/platform/log.ts'

const WHAT = 'The attachment'
const EXPIRE_EVERY_MS = 600_000
let expiredAt = 0

type Person = { userId: string }
type Row = Awaited<ReturnType<typeof requireRow>>

/**
 * Announces a file that will be uploaded. Returns an attachment with the upload address for its
 * bytes. Throws unsupported_type, too_large, and conflict if the person's files take too much
 * space.
 */
export async function announceAttachment(
  caller: Person,
  { name, size, mime_type }: { name: string; size: number; mime_type: string },
): Promise<Attachment> {
  requireReadable(mime_type, name)
  requireSize(size)
  void expireSometimes()
  const id = newId('atc')
  const url = `${env().APP_URL}/api/attachments/${id}`
  const upload_descriptor = { url, method: 'PUT' as const, headers: { 'content-type': 'application/octet-stream' } }
  const attachment: Attachment = {
    ...describeAttachment({ id, name: cleanFileName(name) }, mime_type.toLowerCase()),
    upload_descriptor,
  }
  await withCaller(caller, async (tx) => {
    await requireRoom(tx, caller, size)
    const data = attachment as unknown as Prisma.InputJsonObject
    await tx.attachment.create({ data: { id, ownerId: caller.userId, data, size } })
  })
  return attachment
}

/**
 * Stores the bytes of an announced attachment, once. The bytes decide its type, and a picture, a
 * PDF or an Office document is opened to check it. Throws not_found, conflict if it was uploaded already or there is no
 * space, too_large, unsupported_type, limited, and unavailable if the bytes cannot be stored.
 */
export async function receiveAttachment(caller: Person, id: string, bytes: Uint8Array): Promise<Attachment> {
  const ownerId = caller.userId
  const row = await requireRow(caller, id)
  if (row.uploadedAt) throw new AppError('conflict', 'This file was uploaded already.')
  requireSize(bytes.byteLength)
  if (Date.now() - row.createdAt.getTime() > UNFINISHED_MS) throw notFound(WHAT)
  const { name, mime_type } = row.data as unknown as Attachment
  const type = await requireTrueType(mime_type, bytes)
  const text = await openAttachment(type, bytes)
  const attachment = describeAttachment({ id, name }, type)
  // Claimed before the bytes are written, so that only one of two simultaneous uploads writes.
  await claim(caller, row, {
    data: attachment as unknown as Prisma.InputJsonObject,
    size: toKeptSize(bytes, text),
    text,
    uploadedAt: new Date(),
  })
  try {
    await openByteStore().write(toBytesKey(ownerId, id), bytes)
  } catch (error) {
    const before = { data: row.data as Prisma.InputJsonObject, size: row.size, text: null, uploadedAt: null }
    await withCaller(caller, (tx) => tx.attachment.updateMany({ where: { id, ownerId }, data: before }))
    throw error
  }
  // If it was deleted meanwhile, its bytes must go, too.
  if (await isThere(caller, id)) return attachment
  await deleteBytes(caller, id)
  throw notFound(WHAT)
}

/** An attachment as clients see it. A picture has an address that shows it. */
export function describeAttachment(about: { id: string; name: string }, mime_type: string): Attachment {
  if (toKind(mime_type) !== 'image') return { ...about, mime_type, type: 'file' }
  return { ...about, mime_type, type: 'image', preview_url: `${env().APP_URL}/api/attachments/${about.id}?preview` }
}

async function claim(
  caller: Person,
  { id, size }: { id: string; size: number },
  data: Prisma.AttachmentUpdateManyMutationInput & { size: number },
): Promise<void> {
  const where = { id, ownerId: caller.userId, uploadedAt: null }
  const { count } = await withCaller(caller, async (tx) => {
    await requireRoom(tx, caller, data.size - size)
    return tx.attachment.updateMany({ where, data })
  })
  if (count === 0)
    throw (await isThere(caller, id)) ? new AppError('conflict', 'This file was uploaded already.') : notFound(WHAT)
}

async function isThere({ userId: ownerId }: Person, id: string): Promise<boolean> {
  return (await withCaller({ userId: ownerId }, (tx) => tx.attachment.count({ where: { id, ownerId } }))) > 0
}

/** Returns an uploaded attachment of the caller with its bytes. Throws not_found. */
export async function readAttachment(
  caller: Person,
  id: string,
): Promise<{ attachment: Attachment; bytes: Uint8Array }> {
  return readRow(await requireRow(caller, id))
}

/**
 * Returns an uploaded attachment of the caller and its text: a text file's own, or what was read of
 * an Office document, with the bytes that were read for it. The text is null for any other file.
 * Throws not_found.
 */
export async function readAttachmentText(
  caller: Person,
  id: string,
): Promise<{ attachment: Attachment; text: string | null; size: number }> {
  const row = await requireRow(caller, id)
  const attachment = row.data as unknown as Attachment
  const kind = toKind(attachment.mime_type)
  if (kind !== 'text') {
    const text = row.uploadedAt && kind === 'office' ? row.text : null
    return { attachment, text, size: Buffer.byteLength(text ?? '') }
  }
  const { bytes } = await readRow(row)
  return { attachment, text: decodeText(bytes)?.text ?? new TextDecoder().decode(bytes), size: bytes.byteLength }
}

async function readRow(row: Row): Promise<{ attachment: Attachment; bytes: Uint8Array }> {
  const bytes = row.uploadedAt ? await openByteStore().read(toBytesKey(row.ownerId, row.id)) : null
  if (!bytes) throw notFound(WHAT)
  return { attachment: row.data as unknown as Attachment, bytes }
}

/** Records that a model refused these files of the caller. */
export async function markRefused({ userId: ownerId }: Person, ids: string[]): Promise<void> {
  await withCaller({ userId: ownerId }, (tx) =>
    tx.attachment.updateMany({ where: { id: { in: ids }, ownerId }, data: { refusedAt: new Date() } }),
  )
}

/** True if a model has refused this file of the caller. */
export async function isRefused({ userId: ownerId }: Person, id: string): Promise<boolean> {
  const where = { id: toStorableText(id), ownerId, refusedAt: { not: null } }
  return (await withCaller({ userId: ownerId }, (tx) => tx.attachment.count({ where }))) > 0
}

/** Deletes the bytes of the caller's attachment, but not its record. */
export function deleteBytes(caller: Person, id: string): Promise<void> {
  return openByteStore().delete(toBytesKey(caller.userId, id))
}

/** The caller's row of an attachment. Throws not_found. */
export async function requireRow({ userId: ownerId }: Person, id: string) {
  const row = await withCaller({ userId: ownerId }, (tx) =>
    tx.attachment.findFirst({ where: { id: toStorableText(id), ownerId } }),
  )
  if (!row) throw notFound(WHAT)
  return row
}

/** Deletes other people's expired attachments in passing, at most every ten minutes. */
async function expireSometimes(): Promise<void> {
  if (Date.now() - expiredAt < EXPIRE_EVERY_MS) return
  expiredAt = Date.now()
  try {
    await expireAttachments()
  } catch (error) {
    log.warn({ error }, 'attachments that nobody can reach were not deleted')
  }
}
