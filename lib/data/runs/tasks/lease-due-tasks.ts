import { STALE_MS } from '#lib/data/runs/runs.ts'
import { clipSaid, notifyThread, type ServerTask, type ServerTaskStatus } from '#lib/data/runs/tasks/server-tasks.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement, withCaller } from '#lib/platform/db/db.ts'

/** How long (ms) one process alone may ask for a task. It is longer than any request for it. */
const LEASE_MS = 60_000
/** How long (ms) after a run has ended its calls may still be settled. */
const GRACE_MS = 30_000

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
  const said = clipSaid(look.said)
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
