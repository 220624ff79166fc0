import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import type { AttachmentRecords } from '#lib/chatkit/protocol/store.ts'
import { requireRow } from '#lib/data/attachments/attachments.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { type Tx, withCaller } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { toStorable, toStorableText } from '#lib/platform/json/to-storable.ts'

/**
 * The caller's attachments for the ChatKit server. Each query names the owner, backed by row-level
 * security.
 */
export function createAttachmentStore(caller: { userId: string }): AttachmentRecords {
  const ownerId = caller.userId
  return {
    load: async (id) => (await requireRow(caller, id)).data as unknown as Attachment,
    save: (attachment) =>
      withCaller(caller, async (tx) => {
        const { id, thread_id: threadId = null, ...rest } = toStorable(attachment)
        const data = { ...rest, id, ...(threadId && { thread_id: threadId }) } as Prisma.InputJsonObject
        const { count } = await tx.attachment.updateMany({ where: { id, ownerId }, data: { data, threadId } })
        if (count > 0) return
        const made = await tx.attachment.createMany({ data: { id, ownerId, threadId, data }, skipDuplicates: true })
        if (made.count === 0) throw notFound('The attachment')
      }),
    bind: (threadId, ids) => retryIdempotent(() => withCaller(caller, (tx) => bindAll(tx, { ownerId, threadId }, ids))),
    delete: (id) =>
      withCaller(
        caller,
        async (tx) => void (await tx.attachment.deleteMany({ where: { id: toStorableText(id), ownerId } })),
      ),
  }
}

/**
 * The statements that bind files to a thread. `lock` runs first, `isFree` is true if all files can
 * be bound, and `bind` binds them if `when` holds.
 */
export function bindStatements(
  { ownerId, threadId }: { ownerId: string; threadId: string },
  ids: string[],
  when = Prisma.sql`true`,
) {
  const free = Prisma.sql`id = ANY(${ids}) AND owner_id = ${ownerId} AND (thread_id IS NULL OR thread_id = ${threadId})
    AND share_id IS NULL`
  return {
    // Always in the same order, so that two messages with the same files never deadlock.
    lock: Prisma.sql`SELECT id FROM attachments WHERE id = ANY(${ids}) AND owner_id = ${ownerId} ORDER BY id FOR UPDATE`,
    isFree: Prisma.sql`(SELECT count(*) FROM attachments WHERE ${free}) = ${new Set(ids).size}::integer`,
    bind: Prisma.sql`
      UPDATE attachments SET thread_id = ${threadId}, data = jsonb_set(data, '{thread_id}', to_jsonb(${threadId}::text))
      WHERE ${free} AND ${when}`,
  }
}

/**
 * Binds all files or throws conflict. If two threads want a file at once, one statement decides
 * which gets it.
 */
async function bindAll(
  tx: Tx,
  { ownerId, threadId }: { ownerId: string; threadId: string },
  ids: string[],
): Promise<void> {
  const { lock, bind } = bindStatements({ ownerId, threadId }, ids)
  await tx.$queryRaw(lock)
  const bound = await tx.$executeRaw(bind)
  if (bound < new Set(ids).size)
    throw new AppError('conflict', 'A file of this message belongs to another conversation. Upload it again.')
}
