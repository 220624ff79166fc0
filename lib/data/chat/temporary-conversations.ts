import { expireAttachments } from '#lib/data/attachments/attachment-expiry.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, runSystemStatement } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'

// A temporary conversation is gone at the time in its row, on every replica at once, and whether or
// not a process is there to delete it. A trigger (migration "temporary_conversations") takes its
// content out of the ledger and the runs when the row goes.

/** How long (minutes) it stays after its page was closed: a browser closes and opens it to reload. */
const CLOSED_MINUTES = 5
const BATCH = 100

/** True for a row of `threads` that its person can still open. */
export const IS_THERE = Prisma.sql`deleted_at IS NULL AND (temporary_until IS NULL OR temporary_until > now())`

/** When a temporary conversation ends that is used now. */
export function endOfTemporary(): Prisma.Sql {
  return Prisma.sql`now() + ${env().TEMPORARY_HOURS}::integer * interval '1 hour'`
}

/**
 * Notes that the page with a temporary conversation of the caller is open, or was closed: then it ends
 * in five minutes. Does nothing for any other conversation.
 */
export async function noteTemporaryPage(caller: { userId: string }, threadId: string, isOpen: boolean): Promise<void> {
  const end = isOpen
    ? endOfTemporary()
    : Prisma.sql`least(temporary_until, now() + ${CLOSED_MINUTES}::integer * interval '1 minute')`
  await runStatementAs(
    caller,
    Prisma.sql`
      UPDATE threads SET temporary_until = ${end}
      WHERE id = ${threadId} AND owner_id = ${caller.userId} AND temporary_until > now()`,
  )
}

/**
 * Deletes temporary conversations that have ended, with their files. One whose answer is being
 * written waits for the end of that. Resolves to their number.
 */
export async function deleteEndedTemporary(): Promise<number> {
  let count = 0
  for (;;) {
    const gone = await runSystemStatement(
      'expiry',
      Prisma.sql`
        DELETE FROM threads WHERE id IN (
          SELECT id FROM threads WHERE temporary_until < now() AND NOT EXISTS (
            SELECT FROM runs WHERE runs.thread_id = threads.id AND runs.status IN ('queued', 'running'))
          LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
        RETURNING id`,
    )
    count += gone.length
    if (gone.length < BATCH) break
  }
  if (count > 0) await expireAttachments()
  return count
}
