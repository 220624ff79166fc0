import { STALE_MS } from '#lib/data/runs/runs.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunModel } from '#lib/generated/prisma/models.ts'
import { runSystemStatement, type Tx, withSystem } from '#lib/platform/db/db.ts'

const LOST_MESSAGE = 'The server stopped before the answer was complete.'
const UNCLAIMED_MESSAGE = 'The server stopped before it could continue your answer. Nothing was called; ask again.'

/**
 * Marks runs that lost their process as interrupted, in one thread or everywhere. Does nothing if
 * the database started less than STALE_MS ago, because live processes could not send heartbeats
 * while it was down. Resolves to their number.
 */
export async function interruptStaleRuns(threadId?: string): Promise<number> {
  const interrupted = await runSystemStatement(
    'recovery',
    Prisma.sql`
      UPDATE runs SET status = 'interrupted', finished_at = now(), error_message = ${LOST_MESSAGE}, allow_retry = true
      WHERE status IN ('queued', 'running') AND (${threadId ?? null}::text IS NULL OR thread_id = ${threadId ?? null})
        AND coalesce(heartbeat_at, created_at) < now() - ${STALE_MS}::integer * interval '1 millisecond'
        AND pg_postmaster_start_time() < now() - ${STALE_MS}::integer * interval '1 millisecond'
      RETURNING id`,
  )
  return interrupted.length
}

/**
 * Ends parked runs that have no pending approval, question or task left, and deletes their states.
 * Resolves to their number.
 */
export async function endForgottenWaits(threadId?: string): Promise<number> {
  const ended = await runSystemStatement(
    'recovery',
    Prisma.sql`
      WITH ended AS (
        UPDATE runs SET status = 'interrupted', finished_at = now(), error_message = ${UNCLAIMED_MESSAGE}, allow_retry = true
        WHERE status = 'waiting' AND (${threadId ?? null}::text IS NULL OR thread_id = ${threadId ?? null})
          AND NOT EXISTS (SELECT FROM approvals WHERE approvals.run_id = runs.id AND approvals.status = 'pending')
          AND NOT EXISTS (SELECT FROM questions WHERE questions.run_id = runs.id AND questions.status = 'pending')
          AND NOT EXISTS (SELECT FROM server_tasks WHERE server_tasks.run_id = runs.id AND server_tasks.ended_at IS NULL)
        RETURNING id
      ), gone AS (DELETE FROM paused_runs USING ended WHERE paused_runs.run_id = ended.id)
      SELECT id FROM ended`,
  )
  return ended.length
}

/** Runs that ended but whose process died before it closed their log, oldest first, 100 at most. */
export function listUnclosedRuns(threadId?: string): Promise<{ id: string }[]> {
  return runSystemStatement(
    'recovery',
    Prisma.sql`
      SELECT id FROM runs
      WHERE last_seq IS NULL AND finished_at IS NOT NULL AND (${threadId ?? null}::text IS NULL OR thread_id = ${threadId ?? null})
        AND coalesce(heartbeat_at, created_at) < now() - ${STALE_MS}::integer * interval '1 millisecond'
      ORDER BY finished_at LIMIT 100`,
  )
}

/** The facts needed to close the log of a run in place of its dead process. */
export type AbandonedRun = Pick<RunModel, 'id' | 'ownerId' | 'threadId' | 'status' | 'operation' | 'turnId'>

/**
 * Runs `close` in a transaction that locks the run, if its log is open and no other process is
 * closing it. Stores the last number of the log, which `close` resolves to; 0 means that the run
 * produced nothing, so its request may be sent again. False if there was nothing to do.
 */
export function closeAbandonedRun(id: string, close: (tx: Tx, run: AbandonedRun) => Promise<number>): Promise<boolean> {
  return withSystem('recovery', async (tx) => {
    const [held] = await tx.$queryRaw<
      unknown[]
    >`SELECT id FROM runs WHERE id = ${id} AND last_seq IS NULL FOR UPDATE SKIP LOCKED`
    const run = held ? await tx.run.findUnique({ where: { id } }) : null
    if (!run) return false
    // Nobody waits any more for the answers to questions for which it held calls open.
    const lost = { runId: id, isHeld: true, status: 'pending' }
    await tx.question.updateMany({ where: lost, data: { status: 'expired', answeredAt: new Date() } })
    const lastSeq = await close(tx, run)
    await tx.run.update({ where: { id }, data: { lastSeq, ...(lastSeq === 0 && { clientRequestId: null }) } })
    return true
  })
}
