import type { Attachment, ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { openByteStore, toBytesKey } from '#lib/data/attachments/attachment-bytes.ts'
import { requireRoom, requireSize, toKeptSize } from '#lib/data/attachments/attachment-quota.ts'
import { requireResultType, toKind } from '#lib/data/attachments/attachment-type.ts'
import { describeAttachment } from '#lib/data/attachments/attachments.ts'
import { cleanFileName } from '#lib/data/attachments/file-name.ts'
import { openAttachment } from '#lib/data/attachments/opening/open-attachment.ts'
import type { Prisma } from '#lib/generated/prisma/client.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'

/** The beginning of the key of the cards that show such files. No tool's own widget can have it. */
export const FILES_KEY = 'files:'

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
  const text = await openResult(type, bytes)
  const size = toKeptSize(bytes, text)
  const id = newId('atc')
  const { userId: ownerId } = caller
  const attachment = describeAttachment({ id, name: cleanFileName(name) }, type)
  await withCaller(caller, async (tx) => {
    await requireRoom(tx, caller, size)
    const data = { ...attachment, thread_id: threadId, metadata: origin } as unknown as Prisma.InputJsonObject
    await tx.attachment.create({
      data: { id, ownerId, threadId, data, size, text, uploadedAt: new Date() },
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

/** A document that cannot be read is kept all the same: its person can save it. */
async function openResult(type: string, bytes: Uint8Array): Promise<string | null> {
  try {
    return await openAttachment(type, bytes)
  } catch (error) {
    if (toKind(type) !== 'office') throw error
    return null
  }
}

/**
 * Deletes the files of a card, or of a resource that was read for a message, after the item itself
 * was deleted, because its message is answered anew. What cannot be deleted now goes with the conversation. Never throws.
 */
export async function deleteFilesOf(caller: { userId: string }, threadId: string, item: ThreadItem): Promise<void> {
  const ids = listFileIds(item)
  if (ids.length === 0) return
  const { userId: ownerId } = caller
  try {
    const own = await withCaller(caller, (tx) =>
      tx.attachment.findMany({
        where: { id: { in: ids }, ownerId, threadId, data: { path: ['metadata', 'server'], string_contains: '' } },
        select: { id: true },
      }),
    )
    // The bytes first, so that none are forgotten.
    for (const { id } of own) await openByteStore().delete(toBytesKey(ownerId, id))
    await withCaller(caller, (tx) =>
      tx.attachment.deleteMany({ where: { id: { in: own.map(({ id }) => id) }, ownerId } }),
    )
  } catch (error) {
    log.warn({ error, thread_id: threadId }, 'the files of an answer that is given anew were not deleted yet')
  }
}

function listFileIds(item: ThreadItem): string[] {
  if (item.type === 'hidden_context_item') {
    const { kind, file } = (item.content ?? {}) as { kind?: unknown; file?: { id?: unknown } }
    return kind === 'resource' && typeof file?.id === 'string' ? [file.id] : []
  }
  if (item.type !== 'widget' || !item.widget.key?.startsWith(FILES_KEY)) return []
  return [...JSON.stringify(item.widget).matchAll(/\/api\/attachments\/(atc_\w+)/g)].map(([, id = '']) => id)
}
