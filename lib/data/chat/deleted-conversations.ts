import { expireAttachments } from '#lib/data/attachments/attachment-expiry.ts'
import { noteConversationChange } from '#lib/data/chat/conversation-changes.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, runSystemStatement } from '#lib/platform/db/db.ts'
import { notFound } from '#lib/platform/errors.ts'

/** For how long (s) pages offer to undo a deletion, and how long it can be undone: some for the way. */
const OFFER_SECONDS = 10
const UNDO_SECONDS = 15
const BATCH = 100

const CAN_UNDO = Prisma.sql`deleted_at > now() - ${UNDO_SECONDS}::integer * interval '1 second'`

/**
 * Deletes a conversation so that it can be undone for a while: it is gone for everybody at once,
 * and `deleteForGood` follows, whether or not the page that asked is still there. Throws not_found.
 */
export async function deleteConversation(caller: { userId: string }, id: string): Promise<void> {
  const rows = await runStatementAs(
    caller,
    Prisma.sql`
      UPDATE threads SET deleted_at = now() WHERE id = ${id} AND owner_id = ${caller.userId} AND deleted_at IS NULL
      RETURNING id`,
  )
  if (rows.length === 0) throw notFound('The conversation')
  noteConversationChange(caller.userId)
}

/** Undoes a deletion. Throws not_found if that is no longer possible. */
export async function restoreConversation(caller: { userId: string }, id: string): Promise<void> {
  const rows = await runStatementAs(
    caller,
    Prisma.sql`
      UPDATE threads SET deleted_at = NULL WHERE id = ${id} AND owner_id = ${caller.userId} AND ${CAN_UNDO}
      RETURNING id`,
  )
  if (rows.length === 0) throw notFound('The conversation')
  noteConversationChange(caller.userId)
}

/**
 * The conversations that the caller deleted within the last ten seconds, and for how long (ms) each
 * page offers to undo it.
 */
export function listUndoable(caller: {
  userId: string
}): Promise<{ id: string; title: string | null; leftMs: number }[]> {
  return runStatementAs(
    caller,
    Prisma.sql`
      SELECT id, title, ceil(1000 * (${OFFER_SECONDS} - extract(epoch FROM now() - deleted_at)))::integer AS "leftMs" FROM threads
      WHERE owner_id = ${caller.userId} AND deleted_at > now() - ${OFFER_SECONDS}::integer * interval '1 second'
      ORDER BY deleted_at LIMIT ${BATCH}`,
  )
}

/**
 * Deletes the rows and files of conversations whose deletion can no longer be undone. Resolves to
 * their number.
 */
export async function deleteForGood(): Promise<number> {
  let count = 0
  for (;;) {
    const gone = await runSystemStatement(
      'expiry',
      Prisma.sql`
        DELETE FROM threads WHERE id IN (
          SELECT id FROM threads WHERE deleted_at IS NOT NULL AND NOT ${CAN_UNDO} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
        RETURNING id`,
    )
    count += gone.length
    if (gone.length < BATCH) break
  }
  if (count > 0) await expireAttachments()
  return count
}
