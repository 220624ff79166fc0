import { openByteStore, toBytesKey } from '#lib/data/attachments/attachment-bytes.ts'
import { type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { log } from '#lib/platform/log.ts'

const HOUR_MS = 3_600_000
/** How long (ms) the upload of an announced file may take. */
export const UNFINISHED_MS = HOUR_MS
const UNSENT_MS = 24 * HOUR_MS
/** How many attachments are deleted at once. */
const BATCH = 20

type Gone = { id: string; owner_id: string }

/**
 * Deletes unreachable attachments: uploads that were not finished within an hour, files that were
 * not sent within a day, and files whose thread or share is gone. Bytes are deleted before their records, so
 * that no stored bytes are forgotten. Covers one person, or everybody. Resolves to the number
 * deleted.
 */
export async function expireAttachments(caller?: { userId: string }): Promise<number> {
  const inTx = <T>(work: (tx: Tx) => Promise<T>) => (caller ? withCaller(caller, work) : withSystem('expiry', work))
  let count = 0
  // Attachments whose bytes could not be deleted are skipped, so that they do not block the others.
  for (let after = ''; ; ) {
    const gone = await inTx((tx) => findGone(tx, caller?.userId, after))
    const deleted = (await Promise.all(gone.map(deleteGone))).flat()
    if (deleted.length > 0) await inTx((tx) => tx.attachment.deleteMany({ where: { id: { in: deleted } } }))
    count += deleted.length
    if (gone.length < BATCH) return count
    after = gone.at(-1)?.id ?? after
  }
}

/** Returns the id if the bytes are gone, and nothing if the next sweep has to try again. */
async function deleteGone({ id, owner_id }: Gone): Promise<string[]> {
  try {
    await openByteStore().delete(toBytesKey(owner_id, id))
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
      OR (share_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM shares s WHERE s.id = a.share_id))
      OR (thread_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = a.thread_id)
        -- A turn that has just begun is still to make its thread.
        AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.thread_id = a.thread_id AND r.status IN ('queued', 'running'))))
    ORDER BY id LIMIT ${BATCH}`
}

/** The ids of a person's attachments, for deleting their bytes after the person is deleted. */
export function listAttachmentIds(caller: { userId: string }): Promise<string[]> {
  return withCaller(caller, (tx) => listAttachmentIdsBefore(tx, caller.userId))
}

/** The ids of a person's attachments, within `tx`; with `before`, only those created earlier. */
export async function listAttachmentIdsBefore(tx: Tx, ownerId: string, before?: Date): Promise<string[]> {
  const rows = await tx.attachment.findMany({
    where: { ownerId, ...(before && { createdAt: { lt: before } }) },
    select: { id: true },
  })
  return rows.map(({ id }) => id)
}

/**
 * Deletes the bytes of attachments whose records are gone. A failure is logged, and those bytes
 * stay.
 */
export async function deleteBytesOf(ownerId: string, ids: string[]): Promise<void> {
  for (const id of ids) {
    try {
      await openByteStore().delete(toBytesKey(ownerId, id))
    } catch (error) {
      log.error({ error, attachment_id: id }, 'the bytes of a deleted attachment could not be deleted')
    }
  }
}
