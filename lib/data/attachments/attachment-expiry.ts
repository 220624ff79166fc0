import { bytesKey, openByteStore } from '#lib/data/attachments/attachment-bytes.ts'
import { type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { log } from '#lib/platform/log.ts'

const HOUR_MS = 3_600_000
/** How long (ms) an announced file may take to be uploaded. */
export const UNFINISHED_MS = HOUR_MS
const UNSENT_MS = 24 * HOUR_MS
/** How many are deleted at once. */
const BATCH = 20

type Gone = { id: string; owner_id: string }

/**
 * Deletes attachments that nobody can reach: uploads that were not finished within an hour, files that were not sent within a
 * day, and those whose conversation is gone. Bytes first, so that nothing is forgotten that still takes room. Of one person,
 * or of all. Resolves to how many went.
 */
export async function expireAttachments(caller?: { userId: string }): Promise<number> {
  const inTx = <T>(work: (tx: Tx) => Promise<T>) => (caller ? withCaller(caller, work) : withSystem('expiry', work))
  let count = 0
  // Those whose bytes stay are passed over, so that they never stand before the others.
  for (let after = ''; ; ) {
    const gone = await inTx((tx) => findGone(tx, caller?.userId, after))
    const deleted = (await Promise.all(gone.map(deleteGone))).flat()
    if (deleted.length > 0) await inTx((tx) => tx.attachment.deleteMany({ where: { id: { in: deleted } } }))
    count += deleted.length
    if (gone.length < BATCH) return count
    after = gone.at(-1)?.id ?? after
  }
}

/** The id where the bytes are gone, nothing where the next round has to try again. */
async function deleteGone({ id, owner_id }: Gone): Promise<string[]> {
  try {
    await openByteStore().delete(bytesKey(owner_id, id))
    return [id]
  } catch (error) {
    log.warn({ error, attachment_id: id }, 'the bytes of an attachment could not be deleted')
    return []
  }
}

function findGone(tx: Tx, ownerId: string | undefined, after: string): Promise<Gone[]> {
  const [unfinished, unsent] = [UNFINISHED_MS, UNSENT_MS].map((ms) => new Date(Date.now() - ms))
  return tx.$queryRaw<Gone[]>`
    SELECT id, owner_id FROM attachments a
    WHERE id > ${after} AND (${ownerId ?? null}::text IS NULL OR owner_id = ${ownerId ?? null}) AND (
      (uploaded_at IS NULL AND created_at < ${unfinished})
      OR (thread_id IS NULL AND created_at < ${unsent})
      OR (thread_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = a.thread_id)
        -- A turn that has just begun is still to make its thread.
        AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.thread_id = a.thread_id AND r.status IN ('queued', 'running'))))
    ORDER BY id LIMIT ${BATCH}`
}

/** The attachments of a person, for deleting their bytes once the person is gone. */
export function attachmentIds(caller: { userId: string }): Promise<string[]> {
  return withCaller(caller, (tx) => attachmentIdsBefore(tx, caller.userId))
}

/** Those that were made before a moment, within `tx`. */
export async function attachmentIdsBefore(tx: Tx, ownerId: string, before?: Date): Promise<string[]> {
  const rows = await tx.attachment.findMany({
    where: { ownerId, ...(before && { createdAt: { lt: before } }) },
    select: { id: true },
  })
  return rows.map(({ id }) => id)
}

/** Deletes the bytes of attachments whose records are gone. What fails is logged, and stays. */
export async function deleteBytesOf(ownerId: string, ids: string[]): Promise<void> {
  for (const id of ids) {
    try {
      await openByteStore().delete(bytesKey(ownerId, id))
    } catch (error) {
      log.error({ error, attachment_id: id }, 'the bytes of a deleted attachment could not be deleted')
    }
  }
}
