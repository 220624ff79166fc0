import { moveToolCalls } from '#lib/data/runs/ledger.ts'
import { endWaiting, STALE_MS } from '#lib/data/runs/runs.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { ServerTaskModel } from '#lib/generated/prisma/models.ts'
import { runStatementAs, runSystemStatement, type Tx, withCaller } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { AppError } from '#lib/platform/errors.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** The channel on which processes tell each other that a task changed. Its payload is the thread's id. */
export const TASKS_CHANNEL = 'switchboard_tasks'
/** How long (ms) one process alone may ask for a task. It is longer than any request for it. */
const LEASE_MS = 60_000
/** How long (ms) after a run has ended its calls may still be settled. */
const GRACE_MS = 30_000
const SAID_MAX_CHARS = 300

/**
 * Where a task stands. `working`: its server is asked for it. `input_required` and `ended`: a run has to take it
 * up. `asking`: its person has to answer a question first.
 */
export type ServerTaskStatus = 'working' | 'input_required' | 'ended' | 'asking'
export type ServerTask = Omit<ServerTaskModel, 'status'> & { status: ServerTaskStatus }

export type NewServerTask = Pick<
  ServerTask,
  'id' | 'toolCallId' | 'callId' | 'server' | 'tool' | 'sealed' | 'said' | 'pollAt' | 'expiresAt'
>

type Owner = { userId: string }
type OwnRun = { id: string; ownerId: string; threadId: string }

/**
 * Stores that a call goes on as a task, for whichever process asks for it. A call that has a task
 * already is asked for again, until the time that was set first. Throws conflict if the run ended meanwhile.
 */
export async function storeServerTask(run: OwnRun, task: NewServerTask): Promise<void> {
  const { id: runId, ownerId, threadId } = run
  const data = { ...task, said: clip(task.said), runId, ownerId, threadId }
  await retryIdempotent(() =>
    withCaller({ userId: ownerId }, async (tx) => {
      // Held until the task is stored, so that a transaction that ends the run also ends it.
      const [open] = await tx.$queryRaw<unknown[]>`
        SELECT 1 AS open FROM runs WHERE id = ${runId} AND owner_id = ${ownerId} AND status IN ('queued', 'running') FOR SHARE`
      if (!open) throw new AppError('conflict', 'This answer was stopped.')
      const {
        id: _,
        expiresAt: __,
        ...again
      } = { ...data, status: 'working', failures: 0, leaseUntil: null, endedAt: null }
      await tx.serverTask.upsert({ where: { toolCallId: task.toolCallId }, create: data, update: again })
      await notifyThread(tx, threadId)
    }),
  )
}

/** The tasks of a thread that go on, oldest first, 100 at most; with `callIds` those of these calls alone. */
export async function listOpenTasks(caller: Owner, threadId: string, callIds?: string[]): Promise<ServerTask[]> {
  const where = { threadId, ownerId: caller.userId, endedAt: null, ...(callIds && { callId: { in: callIds } }) }
  const rows = await withCaller(caller, (tx) =>
    tx.serverTask.findMany({ where, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], take: 100 }),
  )
  return rows.map(toTask)
}

/**
 * Leases the tasks that are due, the longest waiting first, so that no other process asks for them
 * for a minute: `max` in total, of a server no more than `ofServer`, and none of the servers in
 * `except`. A task that asks its person is left out while the question is open or a run is at
 * work on the answer. If that run died with the answer, the server is asked again.
 */
export async function leaseDueTasks(
  max: number,
  { ofServer, except }: { ofServer: number; except: string[] },
): Promise<ServerTask[]> {
  const rows = await runSystemStatement<{ id: string; ownerId: string }>(
    'runs',
    Prisma.sql`
      UPDATE server_tasks SET lease_until = now() + ${LEASE_MS}::integer * interval '1 millisecond', polls = polls + 1,
        status = CASE WHEN status = 'asking' AND stop_at IS NULL AND EXISTS (
            SELECT FROM tool_calls WHERE tool_calls.id = server_tasks.tool_call_id AND tool_calls.status = 'pending')
          THEN 'working' ELSE status END
      WHERE id IN (
        SELECT id FROM server_tasks AS task WHERE ${IS_DUE} AND id IN (
          SELECT id FROM (
            SELECT id, poll_at, row_number() OVER (PARTITION BY server ORDER BY poll_at, id) AS place
            FROM server_tasks AS task WHERE ${IS_DUE} AND NOT server = ANY(${except})) AS due
          WHERE place <= ${ofServer}::integer ORDER BY poll_at, id LIMIT ${max}::integer)
        FOR UPDATE SKIP LOCKED)
      RETURNING ${COLUMNS}`,
  )
  return rows as unknown as ServerTask[]
}

/** Holds while a question of the run is open, or the run is or was just now at work. */
const IS_WITH_PERSON = Prisma.sql`
  EXISTS (SELECT FROM questions WHERE questions.run_id = runs.id AND questions.status = 'pending' AND NOT questions.is_held)
  OR runs.finished_at > now() - ${GRACE_MS}::integer * interval '1 millisecond'
  OR (runs.status IN ('queued', 'running')
    AND coalesce(runs.heartbeat_at, runs.created_at) > now() - ${STALE_MS}::integer * interval '1 millisecond')`

const IS_DUE = Prisma.sql`
  task.ended_at IS NULL AND task.poll_at <= now() AND (task.lease_until IS NULL OR task.lease_until < now())
  AND (task.status <> 'asking' OR task.stop_at IS NOT NULL
    OR NOT EXISTS (SELECT FROM tool_calls AS call JOIN runs ON runs.id = call.run_id
      WHERE call.id = task.tool_call_id AND call.status = 'pending' AND (${IS_WITH_PERSON})))`

/** True if tasks go on, in any thread. */
export async function hasOpenTasks(): Promise<boolean> {
  const rows = await runSystemStatement(
    'runs',
    Prisma.sql`SELECT 1 AS open FROM server_tasks WHERE ended_at IS NULL LIMIT 1`,
  )
  return rows.length > 0
}

const COLUMNS = Prisma.sql`id, owner_id AS "ownerId", thread_id AS "threadId", run_id AS "runId", tool_call_id AS "toolCallId",
  call_id AS "callId", server, tool, sealed, status, said, polls, failures, poll_at AS "pollAt", lease_until AS "leaseUntil",
  stop_at AS "stopAt", created_at AS "createdAt", changed_at AS "changedAt", expires_at AS "expiresAt", ended_at AS "endedAt"`

/**
 * What one look at a task brought. `inMs`: when it is looked at next. A look without a `status` did
 * not ask the server, and leaves the failures as they are.
 */
export type Look = { status?: ServerTaskStatus; said?: string | undefined; failed?: boolean; inMs: number }

/**
 * Stores what a look at a leased task brought, and gives up the lease. Does nothing if another process
 * has leased it since. Other processes hear what is new.
 */
export async function noteLook({ id, ownerId, threadId, polls }: ServerTask, look: Look): Promise<void> {
  const said = clip(look.said)
  await withCaller({ userId: ownerId }, async (tx) => {
    const [changed] = await tx.$queryRaw<{ isNew: boolean }[]>`
      UPDATE server_tasks AS task SET lease_until = NULL, poll_at = now() + ${Math.round(look.inMs)}::integer * interval '1 millisecond',
        failures = CASE WHEN ${look.failed === true}::boolean THEN task.failures + 1
          WHEN ${look.status ?? null}::text IS NULL THEN task.failures ELSE 0 END,
        status = CASE WHEN task.status = 'asking' THEN task.status ELSE coalesce(${look.status ?? null}::text, task.status) END,
        said = coalesce(${said}::text, task.said),
        changed_at = CASE WHEN (coalesce(${said}::text, task.said), coalesce(${look.status ?? null}::text, task.status))
          IS DISTINCT FROM (before.said, before.status) THEN now() ELSE task.changed_at END
      FROM (SELECT said, status FROM server_tasks WHERE id = ${id}) AS before
      WHERE task.id = ${id} AND task.owner_id = ${ownerId} AND task.polls = ${polls}::integer AND task.ended_at IS NULL
      RETURNING (task.said, task.status) IS DISTINCT FROM (before.said, before.status) AS "isNew"`
    if (changed?.isNew) await notifyThread(tx, threadId)
  })
}

/**
 * True if a run may take up a task now: its thread is free, no card in it waits for the person, and
 * every task that the same run began can be taken up as well. A task that needs input does not wait
 * for the others.
 */
export async function mayTakeUp({ id, ownerId, threadId, runId }: ServerTask): Promise<boolean> {
  const [row] = await runStatementAs<{ may: boolean }>(
    { userId: ownerId },
    Prisma.sql`
      SELECT NOT EXISTS (SELECT FROM runs WHERE owner_id = ${ownerId} AND thread_id = ${threadId} AND status IN ('queued', 'running')
            AND coalesce(heartbeat_at, created_at) > now() - ${STALE_MS}::integer * interval '1 millisecond')
        AND NOT EXISTS (SELECT FROM approvals WHERE owner_id = ${ownerId} AND thread_id = ${threadId} AND status = 'pending')
        AND NOT EXISTS (SELECT FROM questions WHERE owner_id = ${ownerId} AND thread_id = ${threadId} AND status = 'pending' AND NOT is_held)
        AND (NOT EXISTS (SELECT FROM server_tasks WHERE owner_id = ${ownerId} AND run_id = ${runId} AND ended_at IS NULL AND status = 'working')
          OR EXISTS (SELECT FROM server_tasks WHERE id = ${id} AND status = 'input_required')) AS may`,
  )
  return row?.may === true
}

/**
 * Gives the tasks of a run that are to be taken up to the run `takenBy`, with their rows in the
 * ledger, once: if that run dies, they can be taken up again. The run that waited for them is done.
 */
export function claimServerTasks(
  caller: Owner,
  { runId, threadId }: { runId: string; threadId: string },
  takenBy: string,
): Promise<ServerTask[]> {
  const ownerId = caller.userId
  return withCaller(caller, async (tx) => {
    await lockRun(tx, runId, ownerId)
    const claimed = await tx.serverTask.updateManyAndReturn({
      where: { runId, threadId, ownerId, endedAt: null, stopAt: null, status: { in: ['input_required', 'ended'] } },
      // Counted as a failure until the run has used the result or let the task go on.
      data: { runId: takenBy, leaseUntil: null, failures: { increment: 1 } },
    })
    const ids = claimed.map(({ toolCallId }) => toolCallId)
    await moveToolCalls(tx, { ids, ownerId }, takenBy)
    const left = await tx.serverTask.count({ where: { runId, ownerId, endedAt: null } })
    if (claimed.length > 0 && left === 0) await endWaiting(tx, { id: runId, ownerId }, 'done')
    return claimed.map(toTask)
  })
}

/** Marks a task whose person has to answer a question before it can go on. */
export async function markAsking(caller: Owner, toolCallId: string): Promise<void> {
  await withCaller(caller, (tx) =>
    tx.serverTask.updateMany({
      where: { toolCallId, ownerId: caller.userId, endedAt: null },
      data: { status: 'asking', pollAt: new Date() },
    }),
  )
}

/** Ends the task of a call. Nobody asks for it any more, and what was sealed of it is deleted. */
export async function endServerTask(caller: Owner, toolCallId: string): Promise<void> {
  const ownerId = caller.userId
  await withCaller(caller, async (tx) => {
    const where = { toolCallId, ownerId, endedAt: null }
    const task = await tx.serverTask.findFirst({ where, select: { runId: true } })
    if (task) await lockRun(tx, task.runId, ownerId)
    const ended = await tx.serverTask.updateManyAndReturn({
      where,
      data: { endedAt: new Date(), leaseUntil: null, failures: 0, sealed: '' },
    })
    for (const { runId, threadId } of ended) {
      const left = await tx.serverTask.count({ where: { runId, ownerId, endedAt: null } })
      if (left === 0) await endWaiting(tx, { id: runId, ownerId }, 'stopped')
      await notifyThread(tx, threadId)
    }
  })
}

/**
 * Asks for an end of a thread's tasks, or of those that were begun by these calls or for a message.
 * Whichever process looks next carries it out. Resolves to the number of tasks that go on.
 */
export async function stopServerTasks(
  caller: Owner,
  threadId: string,
  { callIds, turnId }: { callIds?: string[]; turnId?: string } = {},
): Promise<number> {
  const ownerId = caller.userId
  const stop = async (tx: Tx) => {
    const now = new Date()
    const some = { ...(callIds && { callId: { in: callIds } }), ...(turnId !== undefined && { run: { turnId } }) }
    const where = { threadId, ownerId, endedAt: null, ...some }
    const { count } = await tx.serverTask.updateMany({
      where: { ...where, stopAt: null },
      data: { stopAt: now, pollAt: now },
    })
    if (count > 0) await notifyThread(tx, threadId)
    return tx.serverTask.count({ where })
  }
  return retryIdempotent(() => withCaller(caller, stop))
}

/** Stops every task of a person at once, within `tx`. The commit notifies the processes that close their calls. */
export async function endTasksOf(tx: Tx, ownerId: string): Promise<void> {
  const now = new Date()
  const ended = await tx.serverTask.updateManyAndReturn({
    where: { ownerId, endedAt: null },
    data: { stopAt: now, pollAt: now, leaseUntil: null },
  })
  for (const { threadId } of ended) await notifyThread(tx, threadId)
}

/** Locks a run before its tasks, in the order in which an end of access locks them. */
async function lockRun(tx: Tx, id: string, ownerId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 AS held FROM runs WHERE id = ${id} AND owner_id = ${ownerId} FOR NO KEY UPDATE`
}

async function notifyThread(tx: Tx, threadId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_notify(${TASKS_CHANNEL}, ${threadId})`
}

function clip(said: string | null | undefined): string | null {
  return said === null || said === undefined ? null : toStorableText(said).slice(0, SAID_MAX_CHARS)
}

function toTask(row: ServerTaskModel): ServerTask {
  return { ...row, status: row.status as ServerTaskStatus }
}
