import { appendEvents, type StoredEvent } from '#lib/data/runs/run-events.ts'
import type { FailureDetail, RunFailureClass } from '#lib/data/runs/run-failures.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import type { RunModel } from '#lib/generated/prisma/models.ts'
import { statementAs, type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** A run without a heartbeat for this long (ms) has no process any more. */
export const STALE_MS = 10_000

/** Where processes tell each other of runs (lib/runs/channel.ts). */
export const RUNS_CHANNEL = 'switchboard_runs'

const ACTIVE: RunStatus[] = ['queued', 'running']

export function isActive(status: RunStatus): boolean {
  return ACTIVE.includes(status)
}

/**
 * What a run turned out to be. `failureClass`, `errorMessage` (a public sentence) and `failureDetail` belong to `failed`. `waiting` is no end: a
 * person is asked, no process holds the run, and another run goes on with it.
 */
export type RunOutcome = {
  status: 'done' | 'stopped' | 'interrupted' | 'failed' | 'waiting'
  failureClass?: RunFailureClass
  errorMessage?: string
  failureDetail?: FailureDetail
}

/** What is learned about a run while it goes. */
export type RunFacts = {
  model?: string
  inputTokens?: number
  outputTokens?: number
  modelCalls?: number
  firstDeltaAt?: Date
  allowRetry?: boolean
}

/** Takes back a run that was inserted and never launched. */
export async function withdrawRun({ id, ownerId }: { id: string; ownerId: string }): Promise<void> {
  await withCaller({ userId: ownerId }, (tx) => tx.run.deleteMany({ where: { id, ownerId, startedAt: null } }))
}

/** queued -> running. False where somebody else decided about the run meanwhile. May be done again. */
export async function markRunning({ id, ownerId }: { id: string; ownerId: string }): Promise<boolean> {
  const statement = Prisma.sql`
    UPDATE runs SET status = 'running', started_at = now(), heartbeat_at = now()
    WHERE id = ${id} AND owner_id = ${ownerId} AND status IN ('queued', 'running') RETURNING id`
  const marked = await retryIdempotent(() => statementAs({ userId: ownerId }, statement))
  return marked.length > 0
}

/**
 * queued or running -> an end, and the log is complete: `events` are its last ones. A run that was stopped from elsewhere
 * keeps that end and gets the facts alone. May be done again. False where nothing was written, because the run was taken
 * for dead.
 */
export function finishRun(
  { id, ownerId }: { id: string; ownerId: string },
  outcome: RunOutcome,
  facts: RunFacts,
  { lastSeq, events }: { lastSeq: number; events: StoredEvent[] },
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
    // Whoever closes the log of a dead process gives it another last number.
    return count > 0 || (await tx.run.count({ where: { id, ownerId, lastSeq } })) > 0
  })
}

/** Marks the thread's active run as stopped, wherever it runs, and resolves to its id: its process has to be told. Null where none is active. */
export async function markStopped(caller: { userId: string }, threadId: string): Promise<string | null> {
  const where = { threadId, ownerId: caller.userId, status: { in: ACTIVE } }
  const stopped = { status: 'stopped', finishedAt: new Date() } as const
  const [run] = await withCaller(caller, (tx) =>
    tx.run.updateManyAndReturn({ where, data: stopped, select: { id: true } }),
  )
  return run?.id ?? null
}

/**
 * Says that these runs are alive. Resolves to those that are no longer running, as those of a person who is gone: stopped ones are
 * open until their process has closed the log, those that were taken for dead are not.
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

/** A run that is no longer running: `isOpen` while its log is to be closed, `why` where somebody else than its person ended it. */
export type EndedRun = { id: string; isOpen: boolean; why?: string }

/** Ends every run of a person within `tx`, those that wait among them, and says why. Their processes are told at the commit. */
export async function stopRunsOf(tx: Tx, ownerId: string, why: string): Promise<void> {
  await tx.$executeRaw`
    WITH stopped AS (
      UPDATE runs SET status = 'stopped', finished_at = now(), error_message = ${why}
      WHERE owner_id = ${ownerId} AND status IN ('queued', 'running', 'waiting') RETURNING id
    ) SELECT pg_notify(${RUNS_CHANNEL}, id || ' 0') FROM stopped`
}

/** waiting -> done (another run goes on with it) or stopped (nobody will), as a part of a transaction. False where it waits no more. */
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

/** The caller's run to attach to: the one of that id, else the thread's newest. Null where there is none in this thread. */
export function findRunOfThread(
  caller: { userId: string },
  threadId: string,
  runId?: string,
): Promise<Pick<RunModel, 'id' | 'status' | 'errorMessage'> | null> {
  const where = { threadId, ownerId: caller.userId, ...(runId !== undefined && { id: runId }) }
  const select = { id: true, status: true, errorMessage: true } as const
  return withCaller(caller, (tx) => tx.run.findFirst({ where, orderBy: { createdAt: 'desc' }, select }))
}

/** The run that an earlier request with the client's id began, or null. `isKept`: its events are. */
export async function findRepeatedRun(
  caller: { userId: string },
  clientRequestId: string,
): Promise<{ id: string; threadId: string; isKept: boolean } | null> {
  const [run] = await statementAs<{ id: string; threadId: string; isKept: boolean }>(
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
