import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'

/** How long (ms) a claim holds if its run has not ended. Longer than a summary may take. */
const CLAIM_MS = 90_000
/** How long (ms) a thread is left alone after a summary has failed, unless the person asks for one. */
const PAUSE_MS = 5 * 60_000

/**
 * A summary of all items of a thread up to `throughId`. `itemId` is the item that shows it.
 * `sources` are the files and pages in it that others may have written; `throughAt` is when the last
 * item came.
 */
export type Summary = {
  id: string
  throughId: string
  throughAt: Date
  itemId: string
  text: string
  sources: string[]
}

/** The place of a summary, and the run that asks for it. */
type Place = { threadId: string; throughId: string; runId: string }

/**
 * The result of a claim. `ours`: this run makes the summary. `made`: it is there. `theirs`: another
 * run makes it. `paused`: one of this thread has failed lately.
 */
export type Claim = { is: 'ours'; id: string } | { is: 'made'; summary: Summary } | { is: 'theirs' } | { is: 'paused' }

const COLUMNS = Prisma.sql`
  summaries.id, through_id AS "throughId", item_id AS "itemId", text, sources,
  (SELECT created_at FROM thread_items AS covered
    WHERE covered.thread_id = summaries.thread_id AND covered.id = through_id) AS "throughAt"`

/**
 * The summary that covers most of a thread. It counts only while the last item that it covers is
 * still there, and a message follows it: a retry of an old message removes what comes after.
 */
export async function findSummary(caller: { userId: string }, threadId: string): Promise<Summary | undefined> {
  const [found] = await runStatementAs<Summary>(
    caller,
    Prisma.sql`
      SELECT ${COLUMNS} FROM summaries
      JOIN thread_items AS last ON last.thread_id = summaries.thread_id AND last.id = through_id
      WHERE summaries.thread_id = ${threadId} AND summaries.owner_id = ${caller.userId} AND summaries.status = 'made'
        AND EXISTS (SELECT FROM thread_items AS message WHERE message.thread_id = ${threadId}
          AND message.owner_id = ${caller.userId} AND message.type = 'user_message' AND message.seq > last.seq)
      ORDER BY last.seq DESC LIMIT 1`,
  )
  return found
}

/**
 * Claims the making of a summary: one run has it, on whichever replica. The claim of a run that has
 * ended, and one older than 90 s, can be taken over. After a failure the thread is left alone for
 * five minutes, unless the person asks (`isAsked`).
 */
export async function claimSummary(
  caller: { userId: string },
  { threadId, throughId, runId }: Place,
  { itemId, isAsked }: { itemId: string; isAsked: boolean },
): Promise<Claim> {
  const own = Prisma.sql`thread_id = ${threadId} AND owner_id = ${caller.userId}`
  const [found] = await runStatementAs<Summary & { status: string; runId: string; isPaused: boolean }>(
    caller,
    Prisma.sql`
      INSERT INTO summaries (id, owner_id, thread_id, through_id, item_id, run_id)
      SELECT ${newId('sum')}, ${caller.userId}, ${threadId}, ${throughId}, ${itemId}, ${runId}
      WHERE EXISTS (SELECT FROM threads WHERE id = ${threadId} AND owner_id = ${caller.userId})
        AND (${isAsked}::boolean OR NOT EXISTS (SELECT FROM summaries WHERE ${own} AND status = 'failed'
          AND claimed_at > now() - ${PAUSE_MS}::integer * interval '1 millisecond'))
      ON CONFLICT (thread_id, through_id) DO UPDATE SET status = 'claimed', run_id = excluded.run_id, claimed_at = now()
      WHERE summaries.owner_id = excluded.owner_id AND (summaries.status = 'failed' OR (summaries.status = 'claimed' AND (
        summaries.claimed_at < now() - ${CLAIM_MS}::integer * interval '1 millisecond'
        OR NOT EXISTS (SELECT FROM runs WHERE runs.id = summaries.run_id AND runs.status IN ('queued', 'running')))))`,
    Prisma.sql`SELECT ${COLUMNS}, status, run_id AS "runId" FROM summaries WHERE ${own} AND through_id = ${throughId}`,
  )
  if (!found || found.status === 'failed') return { is: 'paused' }
  if (found.status === 'made') return { is: 'made', summary: found }
  return found.runId === runId ? { is: 'ours', id: found.id } : { is: 'theirs' }
}

/** Stores a summary that this run has claimed. Undefined if another run has taken the claim over. */
export async function storeSummary(
  caller: { userId: string },
  { id, runId }: { id: string; runId: string },
  { text, model, sources }: { text: string; model: string; sources: string[] },
): Promise<Summary | undefined> {
  const [stored] = await runStatementAs<Summary>(
    caller,
    Prisma.sql`
      UPDATE summaries SET status = 'made', text = ${text}, model = ${model}, sources = ${sources}::text[], made_at = now()
      WHERE id = ${id} AND run_id = ${runId} AND owner_id = ${caller.userId} AND status = 'claimed' RETURNING ${COLUMNS}`,
  )
  return stored
}

/** Gives a claim back, because the summary could not be made. */
export async function markSummaryFailed(
  caller: { userId: string },
  claim: { id: string; runId: string },
): Promise<void> {
  await runStatementAs(
    caller,
    Prisma.sql`
      UPDATE summaries SET status = 'failed', claimed_at = now()
      WHERE id = ${claim.id} AND run_id = ${claim.runId} AND owner_id = ${caller.userId} AND status = 'claimed'`,
  )
}
