import type { Opening } from '#lib/chatkit/protocol/store.ts'
import { lockPerson } from '#lib/data/person-lock.ts'
import { makeOpeningStatements } from '#lib/data/runs/opening-statements.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'

export type NewRun = {
  id: string
  ownerId: string
  /** The version under which the owner signed in. If it has changed since, no run begins. */
  sessionVersion: number
  /** The session that begins the run. If it was ended, no run begins. */
  sessionId?: string
  threadId: string
  operation: string
  requestId: string
  clientRequestId?: string
  /** The message that the run answers; without one, the last message of the thread. */
  turnId?: string
}

/** How many runs a person may have at once, and begin within a minute. */
export type RunLimits = { atOnce: number; perMinute: number }

/**
 * The result of `insertRun`. `retryAfter` is in seconds; `firstId` is the run that the same request
 * began earlier.
 */
export type Insertion =
  | { outcome: 'inserted' | 'busy' | 'too_many' | 'signed_out' | 'refused' }
  | { outcome: 'too_often'; retryAfter: number }
  | { outcome: 'repeated'; firstId: string }

/**
 * Inserts a queued run together with what its turn begins with: both or neither. `busy`: the thread
 * has an active run. `repeated`: this person's client sent the same request before. `too_many`,
 * `too_often`: this person reached a limit, counted across all processes. `signed_out`: the
 * person's session version changed, the session was ended or the account is disabled. `refused`: the message cannot be
 * stored now.
 */
export async function insertRun(run: NewRun, { atOnce, perMinute }: RunLimits, opening?: Opening): Promise<Insertion> {
  const { id, ownerId, sessionVersion, sessionId = null, threadId, operation, requestId } = run
  const { clientRequestId = null, turnId = null } = run
  const { locks, isPossible, writes } = opening ? makeOpeningStatements(run, opening) : NO_OPENING
  const own = Prisma.sql`FROM runs WHERE owner_id = ${ownerId}`
  const active = Prisma.sql`${own} AND status IN ('queued', 'running')`
  const admitted = Prisma.sql`SELECT FROM users WHERE id = ${ownerId} AND session_version = ${sessionVersion} AND disabled_at IS NULL
    AND NOT EXISTS (SELECT FROM ended_sessions WHERE id = ${sessionId} AND owner_id = ${ownerId})`
  const lately = Prisma.sql`${own} AND created_at > now() - interval '1 minute'`
  // A request may come again after its id was freed, but its message may have been answered
  // meanwhile.
  const first = Prisma.sql`${own} AND id <> ${id} AND (client_request_id = ${clientRequestId}
    OR (${opening !== undefined}::boolean AND turn_id = ${turnId} AND NOT ${SAID_NOTHING}))`
  const lastMessage = Prisma.sql`
    SELECT id FROM thread_items WHERE thread_id = ${threadId} AND owner_id = ${ownerId} AND type = 'user_message' ORDER BY seq DESC LIMIT 1`
  const statements = [
    // Serializes the requests of one person, so that each counts the other.
    lockPerson(ownerId),
    ...locks,
    Prisma.sql`
      INSERT INTO runs (id, owner_id, thread_id, operation, request_id, session_id, client_request_id, turn_id)
      SELECT ${id}, ${ownerId}, ${threadId}, ${operation}, ${requestId}, ${sessionId}, ${clientRequestId}, coalesce(${turnId}, (${lastMessage}))
      WHERE EXISTS (${admitted}) AND (SELECT count(*) ${active}) < ${atOnce}::integer AND (SELECT count(*) ${lately}) < ${perMinute}::integer
        AND ${isPossible} AND NOT EXISTS (SELECT ${first})
      ON CONFLICT DO NOTHING`,
    ...writes,
    Prisma.sql`
      SELECT CASE
          WHEN EXISTS (SELECT ${own} AND id = ${id}) THEN 'inserted'
          WHEN NOT EXISTS (${admitted}) THEN 'signed_out'
          WHEN EXISTS (SELECT ${first}) THEN 'repeated'
          WHEN EXISTS (SELECT ${active} AND thread_id = ${threadId}) THEN 'busy'
          WHEN (SELECT count(*) ${lately}) >= ${perMinute}::integer THEN 'too_often'
          WHEN (SELECT count(*) ${active}) >= ${atOnce}::integer THEN 'too_many'
          WHEN NOT (${isPossible}) THEN 'refused'
          ELSE 'busy' END AS "is",
        (SELECT id ${first} ORDER BY created_at DESC LIMIT 1) AS "firstId",
        (SELECT greatest(1, ceil(extract(epoch FROM created_at + interval '1 minute' - now())))::integer
          ${lately} ORDER BY created_at DESC OFFSET ${perMinute - 1}::integer LIMIT 1) AS "retryAfter"`,
  ]
  const [found] = await retryIdempotent(() =>
    runStatementAs<{ is: Insertion['outcome']; retryAfter: number; firstId: string }>(
      { userId: ownerId },
      ...statements,
    ),
  ).catch((error) => {
    // The thread was deleted between two of the statements.
    if ((error as { code?: unknown }).code === '23503') return [{ is: 'refused' as const, retryAfter: 0, firstId: '' }]
    throw error
  })
  if (!found) return { outcome: 'busy' }
  return { outcome: found.is, retryAfter: found.retryAfter, firstId: found.firstId } as Insertion
}

const NO_OPENING = { locks: [], isPossible: Prisma.sql`true`, writes: [] }
/** A run that lost its process before it produced anything: its request may be sent again. */
const SAID_NOTHING = Prisma.sql`(status = 'interrupted' AND last_seq = 0 AND client_request_id IS NULL)`
