import { moveToolCalls } from '#lib/data/runs/ledger.ts'
import { endWaiting, STALE_MS } from '#lib/data/runs/runs.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { ServerTaskModel } from '#lib/generated/prisma/models.ts'
import { runStatementAs, type Tx, withCaller } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { AppError } from '#lib/platform/errors.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** The channel on which processes tell each other that a task changed. Its payload is the thread's id. */
export const TASKS_CHANNEL = 'switchboard_tasks'
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
  const data = { ...task, said: clipSaid(task.said), runId, ownerId, threadId }
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

/** Tells every process at the commit of `tx` that a task of this thread changed. */
export async function notifyThread(tx: Tx, threadId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_notify(${TASKS_CHANNEL}, ${threadId})`
}

/** What a server said of a task, as it is kept. */
export function clipSaid(said: string | null | undefined): string | null {
  return said === null || said === undefined ? null : toStorableText(said).slice(0, SAID_MAX_CHARS)
}

function toTask(row: ServerTaskModel): ServerTask {
  return { ...row, status: row.status as ServerTaskStatus }
}
