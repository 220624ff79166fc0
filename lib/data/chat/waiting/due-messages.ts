import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { IS_THERE } from '#lib/data/chat/temporary-conversations.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, runSystemStatement } from '#lib/platform/db/db.ts'

/** How many threads one look finds. */
const BATCH = 20

/** A thread and its owner. */
type Home = { ownerId: string; threadId: string }

/** A message that may be sent, and the sign-in under which it was. */
export type DueMessage = Home & {
  id: string
  message: UserMessageItem
  sessionVersion: number
  sessionId: string | null
}

/**
 * The message that waits longest of each thread on which nothing works, if it may be sent now. Of one
 * thread or of all people. Nothing overtakes a message that is held.
 */
export async function listDueMessages(home?: Home): Promise<DueMessage[]> {
  const isMeant = home
    ? Prisma.sql`WHERE waiting.thread_id = ${home.threadId} AND waiting.owner_id = ${home.ownerId}`
    : Prisma.empty
  return runSystemStatement<DueMessage>(
    'recovery',
    Prisma.sql`
      SELECT id, owner_id AS "ownerId", thread_id AS "threadId", data AS message, session_version AS "sessionVersion", session_id AS "sessionId"
      FROM (SELECT DISTINCT ON (thread_id) * FROM waiting_messages AS waiting ${isMeant} ORDER BY thread_id, seq) AS oldest
      WHERE due_at <= now()
        AND EXISTS (SELECT FROM threads WHERE id = oldest.thread_id AND ${IS_THERE})
        AND NOT EXISTS (SELECT FROM runs WHERE thread_id = oldest.thread_id AND owner_id = oldest.owner_id AND status IN ('queued', 'running'))
      ORDER BY due_at LIMIT ${BATCH}::integer`,
  )
}

/** Notes why a message was not sent: it is sent in `inMs`, or held if that is null. */
export async function noteUnsent(
  { ownerId, threadId, id }: DueMessage,
  note: string,
  inMs: number | null,
): Promise<void> {
  const dueAt = inMs === null ? Prisma.sql`NULL` : Prisma.sql`now() + ${inMs}::integer * interval '1 millisecond'`
  await runStatementAs(
    { userId: ownerId },
    Prisma.sql`UPDATE waiting_messages SET due_at = ${dueAt}, note = ${note} WHERE thread_id = ${threadId} AND owner_id = ${ownerId} AND id = ${id}`,
  )
}
