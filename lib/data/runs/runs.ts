import type { ModelFallback } from '#lib/data/models/model-fallbacks.ts'
import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'
import { appendEvents, type StoredEvent } from '#lib/data/runs/run-events.ts'
import type { RunFailureClass } from '#lib/data/runs/run-failures.ts'
import { makeSettleStatement, type SettledRequest } from '#lib/data/usage/model-requests.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import type { RunModel } from '#lib/generated/prisma/models.ts'
import { runStatementAs, type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** A run without a heartbeat for this long (ms) has lost its process. */
export const STALE_MS = 10_000

/** The channel on which processes notify each other about runs (lib/runs/channel.ts). */
export const RUNS_CHANNEL = 'switchboard_runs'

const ACTIVE: RunStatus[] = ['queued', 'running']

export function isActive(status: RunStatus): boolean {
  return ACTIVE.includes(status)
}

/**
 * How a run ended. `failureClass`, `errorMessage` (a public sentence) and `failureDetail` belong to
 * `failed`. `waiting` is not an end: the run is parked without a process until a person decides,
 * and another run resumes it.
 */
export type RunOutcome = {
  status: 'done' | 'stopped' | 'interrupted' | 'failed' | 'waiting'
  failureClass?: RunFailureClass
  errorMessage?: string
  failureDetail?: FailureDetail
}

/** Facts that become known while a run is going. */
export type RunFacts = {
  model?: string
  assistantVersionId?: string | null
  provider?: string
  offeredModelId?: string
  fallbacks?: ModelFallback[]
  inputTokens?: number
  outputTokens?: number
  modelCalls?: number
  firstDeltaAt?: Date
  webReadAt?: Date
  allowRetry?: boolean
}

/** Withdraws a run that was inserted but never started. */
export async function withdrawRun({ id, ownerId }: { id: string; ownerId: string }): Promise<void> {
  await withCaller({ userId: ownerId }, (tx) => tx.run.deleteMany({ where: { id, ownerId, startedAt: null } }))
}

/** queued -> running. False if the run was ended meanwhile. Safe to repeat. */
export async function markRunning({ id, ownerId }: { id: string; ownerId: string }): Promise<boolean> {
  const statement = Prisma.sql`
    UPDATE runs SET status = 'running', started_at = now(), heartbeat_at = now()
    WHERE id = ${id} AND owner_id = ${ownerId} AND status IN ('queued', 'running') RETURNING id`
  const marked = await retryIdempotent(() => runStatementAs({ userId: ownerId }, statement))
  return marked.length > 0
}

/**
 * Ends a queued or running run and completes its log with its last `events`. Stores the `requests`
 * to models that are not stored yet. A run that was stopped
 * elsewhere keeps that status and gets only the facts. Safe to repeat. False if nothing was written
 * because the run was declared dead.
 */
export function finishRun(
  { id, ownerId }: { id: string; ownerId: string },
  outcome: RunOutcome,
  facts: RunFacts,
  { lastSeq, events, requests = [] }: { lastSeq: number; events: StoredEvent[]; requests?: SettledRequest[] },
): Promise<boolean> {
  return withCaller({ userId: ownerId }, async (tx) => {
    const errorMessage = outcome.errorMessage && toStorableText(outcome.errorMessage)
    const data = {
      ...outcome,
      errorMessage,
      ...facts,
      lastSeq,
      finishedAt: outcome.status === 'waiting' ? null : new Date(),
    }
    let { count } = await tx.run.updateMany({ where: { id, ownerId, status: { in: ACTIVE } }, data })
    if (count === 0)
      ({ count } = await tx.run.updateMany({
        where: { id, ownerId, status: 'stopped', lastSeq: null },
        data: { ...facts, lastSeq },
      }))
    if (count > 0) await appendEvents(tx, [{ runId: id, ownerId, events }])
    if (count > 0 && requests.length > 0) await tx.$executeRaw(makeSettleStatement(requests))
    // A process that closes the log of a dead one writes a different last number.
    return count > 0 || (await tx.run.count({ where: { id, ownerId, lastSeq } })) > 0
  })
}

/**
 * Marks the thread's active run as stopped, whatever process it runs in, and resolves to its id, so
 * that its process can be notified. Null if no run is active.
 */
export async function markStopped(caller: { userId: string }, threadId: string): Promise<string | null> {
  const where = { threadId, ownerId: caller.userId, status: { in: ACTIVE } }
  const stopped = { status: 'stopped', finishedAt: new Date() } as const
  const [run] = await withCaller(caller, (tx) =>
    tx.run.updateManyAndReturn({ where, data: stopped, select: { id: true } }),
  )
  return run?.id ?? null
}

/**
 * Records a heartbeat for these runs. Resolves to those that are no longer running or no longer
 * exist. A stopped run stays open until its process closes the log; a run that was declared dead is
 * not open.
 */
export function recordHeartbeat(ids: string[]): Promise<EndedRun[]> {
  return withSystem('recovery', async (tx) => {
    await tx.$executeRaw`UPDATE runs SET heartbeat_at = now() WHERE id = ANY(${ids}) AND status = 'running'`
    const select = { id: true, status: true, lastSeq: true, errorMessage: true } as const
    const found = new Map((await tx.run.findMany({ where: { id: { in: ids } }, select })).map((run) => [run.id, run]))
    return ids.flatMap((id) => {
      const run = found.get(id)
      if (run && isActive(run.status)) return []
      return { id, isOpen: run?.status === 'stopped' && run.lastSeq === null, why: run?.errorMessage ?? undefined }
    })
  })
}

/**
 * A run that is no longer running. `isOpen` is true while its log must still be closed. `why` is
 * set if something other than its person ended it.
 */
export type EndedRun = { id: string; isOpen: boolean; why?: string }

/**
 * Stops every run of a person within `tx`, including parked ones, and stores why. The commit
 * notifies their processes.
 */
export async function stopRunsOf(tx: Tx, ownerId: string, why: string): Promise<void> {
  await tx.$executeRaw`
    WITH stopped AS (
      UPDATE runs SET status = 'stopped', finished_at = now(), error_message = ${why}
      WHERE owner_id = ${ownerId} AND status IN ('queued', 'running', 'waiting') RETURNING id
    ) SELECT pg_notify(${RUNS_CHANNEL}, id || ' 0') FROM stopped`
}

/**
 * Stops the runs that a session began and that work now, within `tx`. A parked run stays: it does nothing until its
 * person answers. The commit notifies their processes.
 */
export async function stopRunsOfSession(tx: Tx, ownerId: string, sessionId: string): Promise<void> {
  await tx.$executeRaw`
    WITH stopped AS (
      UPDATE runs SET status = 'stopped', finished_at = now(), error_message = ${'The session that began this answer was ended.'}
      WHERE owner_id = ${ownerId} AND session_id = ${sessionId} AND status IN ('queued', 'running') RETURNING id
    ) SELECT pg_notify(${RUNS_CHANNEL}, id || ' 0') FROM stopped`
}

/**
 * waiting -> done (another run resumes it) or stopped (no run will), within a transaction. False if
 * it no longer waits.
 */
export async function endWaiting(
  tx: Tx,
  { id, ownerId }: { id: string; ownerId: string },
  end: 'done' | 'stopped',
  why?: string,
): Promise<boolean> {
  const data = { status: end, errorMessage: why, finishedAt: new Date() }
  const { count } = await tx.run.updateMany({ where: { id, ownerId, status: 'waiting' }, data })
  return count > 0
}

/**
 * The caller's run to attach to: the one with that id, or else the thread's newest. Null if there
 * is none in this thread.
 */
export function findRunOfThread(
  caller: { userId: string },
  threadId: string,
  runId?: string,
): Promise<Pick<RunModel, 'id' | 'status' | 'errorMessage' | 'lastSeq'> | null> {
  const where = { threadId, ownerId: caller.userId, ...(runId !== undefined && { id: runId }) }
  const select = { id: true, status: true, errorMessage: true, lastSeq: true } as const
  return withCaller(caller, (tx) => tx.run.findFirst({ where, orderBy: { createdAt: 'desc' }, select }))
}

/**
 * The run that an earlier request with the client's id began, or null. `isKept` is true if its
 * events still exist.
 */
export async function findRepeatedRun(
  caller: { userId: string },
  clientRequestId: string,
): Promise<{ id: string; threadId: string; isKept: boolean } | null> {
  const [run] = await runStatementAs<{ id: string; threadId: string; isKept: boolean }>(
    caller,
    Prisma.sql`
      SELECT id, thread_id AS "threadId", last_seq IS DISTINCT FROM 0 AS "isKept" FROM runs
      WHERE owner_id = ${caller.userId} AND client_request_id = ${clientRequestId}`,
  )
  return run ?? null
}

/** The caller's own run, or null. */
export function findRun(caller: { userId: string }, id: string): Promise<RunModel | null> {
  return withCaller(caller, (tx) => tx.run.findFirst({ where: { id, ownerId: caller.userId } }))
}
