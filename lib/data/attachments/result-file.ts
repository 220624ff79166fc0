import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { openByteStore, toBytesKey } from '#lib/data/attachments/attachment-bytes.ts'
import { requireRoom, requireSize } from '#lib/data/attachments/attachment-quota.ts'
import { requireResultType, toKind } from '#lib/data/attachments/attachment-type.ts'
import { describeAttachment } from '#lib/data/attachments/attachments.ts'
import { cleanFileName } from '#lib/data/attachments/file-name.ts'
import { requireOpenable } from '#lib/data/attachments/open-attachment.ts'
import type { Prisma } from '#lib/generated/prisma/client.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'

/** A file in a tool's result, as its server sent it. */
export type SentFile = {
  name: string
  mimeType: string
  bytes: Uint8Array
  /** Where it came from: kept with the file, and never sent to a client or a model. */
  origin: { server: string; tool: string }
}

/**
 * Keeps a file of a tool's result for its person and thread, like an attachment: within the same
 * quota, deleted with the thread, and of the type that its bytes have. Throws unsupported_type,
 * too_large, limited, conflict if there is no space, and not_found if this server keeps no files.
 */
export async function storeResultFile(
  caller: { userId: string },
  threadId: string,
  { name, mimeType, bytes, origin }: SentFile,
): Promise<Attachment> {
  if (env().ATTACHMENTS === 'off') throw new AppError('not_found', 'This installation keeps no files.')
  requireSize(bytes.byteLength)
  const type = await requireResultType(mimeType, bytes)
  const kind = toKind(type)
  if (kind === 'image' || kind === 'pdf') await requireOpenable(kind, bytes)
  const id = newId('atc')
  const { userId: ownerId } = caller
  const attachment = describeAttachment({ id, name: cleanFileName(name) }, type)
  await withCaller(caller, async (tx) => {
    await requireRoom(tx, caller, bytes.byteLength)
    const data = { ...attachment, thread_id: threadId, metadata: origin } as unknown as Prisma.InputJsonObject
    await tx.attachment.create({
      data: { id, ownerId, threadId, data, size: bytes.byteLength, uploadedAt: new Date() },
    })
  })
  try {
    await openByteStore().write(toBytesKey(ownerId, id), bytes)
  } catch (error) {
    log.error({ error, attachment_id: id }, 'a file of a tool’s result could not be kept')
    await withCaller(caller, (tx) => tx.attachment.deleteMany({ where: { id, ownerId } }))
    throw new AppError('unavailable', 'It could not be stored just now.', { cause: error })
  }
  return attachment
}
