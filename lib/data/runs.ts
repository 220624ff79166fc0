import { lockPerson } from '#lib/data/person-lock.ts'
import { appendEvents, type StoredEvent } from '#lib/data/run-events.ts'
import type { FailureDetail, RunFailureClass } from '#lib/data/run-failures.ts'
import { statementAs, systemStatement, type Tx, withCaller, withSystem } from '#lib/db.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import type { RunModel } from '#lib/generated/prisma/models.ts'
import { repeatably } from '#lib/patience.ts'
import { storableText } from '#lib/storable.ts'

/** A run without a heartbeat for this long (ms) has no process any more. */
export const STALE_MS = 10_000

/** Where processes tell each other of runs (lib/runs/channel.ts). */
export const RUNS_CHANNEL = 'switchboard_runs'

const ACTIVE: RunStatus[] = ['queued', 'running']
const LOST_MESSAGE = 'The server ended before the answer was complete.'

export function isActive(status: RunStatus): boolean {
  return ACTIVE.includes(status)
}

export type NewRun = {
  id: string
  ownerId: string
  /** Under which the owner signed in: where it has changed since, nothing begins. */
  sessionVersion: number
  threadId: string
  operation: string
  requestId: string
  clientRequestId?: string
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
export type RunFacts = { model?: string; inputTokens?: number; outputTokens?: number; modelCalls?: number; firstDeltaAt?: Date }

/** How many runs a person may have at the same time, and begin within a minute. */
export type RunLimits = { atOnce: number; perMinute: number }

/** What became of a new run; `retryAfter` are seconds. */
export type Insertion =
  | { outcome: 'inserted' | 'repeated' | 'busy' | 'too_many' | 'signed_out' }
  | { outcome: 'too_often'; retryAfter: number }

/**
 * Writes a queued run. `busy`: the thread has an active one. `repeated`: this person's client sent this request before.
 * `too_many`, `too_often`: this person has reached a limit, in whatever processes. `signed_out`: what let this person in has ended.
 */
export async function insertRun(run: NewRun, { atOnce, perMinute }: RunLimits): Promise<Insertion> {
  const { id, ownerId, sessionVersion, threadId, operation, requestId, clientRequestId = null } = run
  const own = Prisma.sql`FROM runs WHERE owner_id = ${ownerId}`
  const active = Prisma.sql`${own} AND status IN ('queued', 'running')`
  const admitted = Prisma.sql`SELECT FROM users WHERE id = ${ownerId} AND session_version = ${sessionVersion} AND disabled_at IS NULL`
  const lately = Prisma.sql`${own} AND created_at > now() - interval '1 minute'`
  const [found] = await statementAs<{ is: Insertion['outcome']; retryAfter: number }>(
    { userId: ownerId },
    // Two requests of one person take turns, so that neither counts without the other.
    lockPerson(ownerId),
    Prisma.sql`
      INSERT INTO runs (id, owner_id, thread_id, operation, request_id, client_request_id)
      SELECT ${id}, ${ownerId}, ${threadId}, ${operation}, ${requestId}, ${clientRequestId}
      WHERE EXISTS (${admitted}) AND (SELECT count(*) ${active}) < ${atOnce}::integer AND (SELECT count(*) ${lately}) < ${perMinute}::integer
      ON CONFLICT DO NOTHING`,
    Prisma.sql`
      SELECT CASE
          WHEN EXISTS (SELECT ${own} AND id = ${id}) THEN 'inserted'
          WHEN NOT EXISTS (${admitted}) THEN 'signed_out'
          WHEN EXISTS (SELECT ${own} AND client_request_id = ${clientRequestId}) THEN 'repeated'
          WHEN EXISTS (SELECT ${active} AND thread_id = ${threadId}) THEN 'busy'
          WHEN (SELECT count(*) ${lately}) >= ${perMinute}::integer THEN 'too_often'
          WHEN (SELECT count(*) ${active}) >= ${atOnce}::integer THEN 'too_many'
          ELSE 'busy' END AS "is",
        (SELECT greatest(1, ceil(extract(epoch FROM created_at + interval '1 minute' - now())))::integer
          ${lately} ORDER BY created_at DESC OFFSET ${perMinute - 1}::integer LIMIT 1) AS "retryAfter"`,
  )
  if (found?.is === 'too_often') return { outcome: 'too_often', retryAfter: found.retryAfter }
  return { outcome: found?.is ?? 'busy' }
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
  const marked = await repeatably(() => statementAs({ userId: ownerId }, statement))
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
    const errorMessage = outcome.errorMessage && storableText(outcome.errorMessage)
    const data = { ...outcome, errorMessage, ...facts, lastSeq, finishedAt: outcome.status === 'waiting' ? null : new Date() }
    let { count } = await tx.run.updateMany({ where: { id, ownerId, status: { in: ACTIVE } }, data })
    if (count === 0)
      ({ count } = await tx.run.updateMany({ where: { id, ownerId, status: 'stopped', lastSeq: null }, data: { ...facts, lastSeq } }))
    if (count > 0) await appendEvents(tx, [{ runId: id, ownerId, events }])
    // Whoever closes the log of a dead process gives it another last number.
    return count > 0 || (await tx.run.count({ where: { id, ownerId, lastSeq } })) > 0
  })
}

/** Marks the thread's active run as stopped, wherever it runs, and resolves to its id: its process has to be told. Null where none is active. */
export async function markStopped(caller: { userId: string }, threadId: string): Promise<string | null> {
  const where = { threadId, ownerId: caller.userId, status: { in: ACTIVE } }
  const stopped = { status: 'stopped', finishedAt: new Date() } as const
  const [run] = await withCaller(caller, (tx) => tx.run.updateManyAndReturn({ where, data: stopped, select: { id: true } }))
  return run?.id ?? null
}

/**
 * Says that these runs are alive. Resolves to those that are no longer running, as those of a person who is gone: stopped ones are
 * open until their process has closed the log, those that were taken for dead are not.
 */
export function beat(ids: string[]): Promise<EndedRun[]> {
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

/** waiting -> done (another run goes on with it) or stopped (nobody will). False where it waits no more. */
export async function endWaiting(
  { id, ownerId }: { id: string; ownerId: string },
  end: 'done' | 'stopped',
  why?: string,
): Promise<boolean> {
  const data = { status: end, errorMessage: why, finishedAt: new Date() }
  const { count } = await withCaller({ userId: ownerId }, (tx) => tx.run.updateMany({ where: { id, ownerId, status: 'waiting' }, data }))
  return count > 0
}

/**
 * Marks runs that lost their process as interrupted, in one thread or everywhere. Not while the database itself has just
 * come up: what could not say that it lives in the meantime is not dead. Resolves to their number.
 */
export async function interruptStaleRuns(threadId?: string): Promise<number> {
  const interrupted = await systemStatement(
    'recovery',
    Prisma.sql`
      UPDATE runs SET status = 'interrupted', finished_at = now(), error_message = ${LOST_MESSAGE}
      WHERE status IN ('queued', 'running') AND (${threadId ?? null}::text IS NULL OR thread_id = ${threadId ?? null})
        AND coalesce(heartbeat_at, created_at) < now() - ${STALE_MS}::integer * interval '1 millisecond'
        AND pg_postmaster_start_time() < now() - ${STALE_MS}::integer * interval '1 millisecond'
      RETURNING id`,
  )
  return interrupted.length
}

/** Runs that have ended but whose process did not live to close their log, oldest first, 100 at most. */
export function unclosedRuns(threadId?: string): Promise<{ id: string }[]> {
  return systemStatement(
    'recovery',
    Prisma.sql`
      SELECT id FROM runs
      WHERE last_seq IS NULL AND finished_at IS NOT NULL AND (${threadId ?? null}::text IS NULL OR thread_id = ${threadId ?? null})
        AND coalesce(heartbeat_at, created_at) < now() - ${STALE_MS}::integer * interval '1 millisecond'
      ORDER BY finished_at LIMIT 100`,
  )
}

/** What has to be known of a run to close its log in the place of its dead process. */
export type AbandonedRun = Pick<RunModel, 'id' | 'ownerId' | 'threadId' | 'status' | 'operation' | 'createdAt'>

/**
 * Runs `close` in a transaction that holds the run, if its log is still open and nobody else is at it, and notes what it
 * resolves to: the log's last number, and whether the request may be sent anew. False where there was nothing to do.
 */
export function closeAbandonedRun(
  id: string,
  close: (tx: Tx, run: AbandonedRun) => Promise<{ lastSeq: number; forgetRequest: boolean }>,
): Promise<boolean> {
  return withSystem('recovery', async (tx) => {
    const [held] = await tx.$queryRaw<unknown[]>`SELECT id FROM runs WHERE id = ${id} AND last_seq IS NULL FOR UPDATE SKIP LOCKED`
    const run = held ? await tx.run.findUnique({ where: { id } }) : null
    if (!run) return false
    const { lastSeq, forgetRequest } = await close(tx, run)
    await tx.run.update({ where: { id }, data: { lastSeq, ...(forgetRequest && { clientRequestId: null }) } })
    return true
  })
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
