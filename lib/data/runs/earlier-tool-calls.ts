import type { FailureClass, ToolCallStatus } from '#lib/data/runs/tool-calls.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

// What a turn reads of the ledger about the calls before it.

/** A call that was made for a message. `result` is redacted and clipped. */
export type EarlierCall = {
  runId: string | null
  server: string
  tool: string
  arguments: unknown
  argumentsHash: string | null
  status: ToolCallStatus
  failureClass: string | null
  errorMessage: string | null
  result: unknown
}

/** The calls made for a message, across all attempts to answer it. Oldest first, 100 at most. */
export function listCallsFor(caller: { userId: string }, turnId: string): Promise<EarlierCall[]> {
  return runStatementAs<EarlierCall>(
    caller,
    Prisma.sql`
      SELECT run_id AS "runId", server, tool, arguments, arguments_hash AS "argumentsHash", status, failure_class AS "failureClass",
        error_message AS "errorMessage", result
      FROM tool_calls WHERE owner_id = ${caller.userId} AND turn_id = ${turnId}
      ORDER BY started_at, id LIMIT 100`,
  )
}

/** A call that took or may have taken effect. */
export type TakenCall = Pick<EarlierCall, 'server' | 'tool' | 'argumentsHash'>

/** More different calls than one thread has, by far. */
const TAKEN_MAX = 20_000

/**
 * The calls of a thread, of whichever branch, that took or may have taken effect, each once: those for
 * messages that are not on the path now, because they were edited, deleted or left, and those of the
 * path if `isAll` and the thread has branches. Those of the runs `own` are left out.
 */
export function listTakenCalls(
  caller: { userId: string },
  threadId: string,
  { own, isAll }: { own: readonly string[]; isAll: boolean },
): Promise<TakenCall[]> {
  const isOwn = Prisma.sql`thread_id = ${threadId} AND owner_id = ${caller.userId}`
  return runStatementAs<TakenCall>(
    caller,
    Prisma.sql`
      WITH taken AS (
        -- What a widget's control called has no message of its own, but its run has.
        SELECT server, tool, arguments_hash, started_at,
          coalesce(turn_id, (SELECT runs.turn_id FROM runs WHERE runs.id = run_id)) AS message_id
        FROM tool_calls WHERE ${isOwn} AND status IN ('pending', 'succeeded', 'unknown', 'cancelled')
          AND (run_id IS NULL OR run_id <> ALL(${[...own]}::text[]))
      )
      SELECT server, tool, arguments_hash AS "argumentsHash" FROM taken
      WHERE (${isAll}::boolean AND EXISTS (SELECT FROM branches WHERE ${isOwn}))
        OR (message_id IS NOT NULL AND NOT EXISTS (SELECT FROM thread_items WHERE ${isOwn} AND id = message_id))
      GROUP BY server, tool, arguments_hash ORDER BY max(started_at) DESC LIMIT ${TAKEN_MAX}::integer`,
  )
}

/** The version of the assistant that asked for a call. Null for Switchboard as it is built in, and for a command. */
export async function findVersionOfCall(caller: { userId: string }, id: string): Promise<string | null> {
  const [row] = await runStatementAs<{ versionId: string | null }>(
    caller,
    Prisma.sql`
      SELECT assistant_version_id AS "versionId" FROM tool_calls WHERE owner_id = ${caller.userId} AND id = ${id}`,
  )
  return row?.versionId ?? null
}

// Failures whose sentence is ours alone. Any other may quote the server.
const SILENT: FailureClass[] = [
  ...(['refused', 'dns', 'tls', 'connect_timeout', 'unauthorised', 'forbidden', 'too_large', 'overloaded'] as const),
  ...(['session_lost', 'idle_timeout', 'hard_timeout', 'transport_lost', 'outcome_unknown'] as const),
  ...(['cancelled', 'denied', 'declined', 'replica_died'] as const),
]

/** True if a call that ended like this brought words of its server. */
export function hasWordsOfServer(failureClass: FailureClass | undefined): boolean {
  return failureClass === undefined || !SILENT.includes(failureClass)
}

/**
 * A tool whose words are in a thread, and when the last of them came. `sources` is where content in
 * the results of our own tools comes from.
 */
export type AnsweredTool = { server: string; tool: string; at: Date; sources: string[] }

/** The tools whose answers the model of a thread has read, the latest first, 500 at most. */
export function listAnsweredTools(caller: { userId: string }, threadId: string): Promise<AnsweredTool[]> {
  return runStatementAs<AnsweredTool>(
    caller,
    Prisma.sql`
      SELECT server, tool, max(finished_at) AS at, array_remove(array_agg(DISTINCT source), NULL) AS sources
      FROM tool_calls LEFT JOIN LATERAL unnest(sources) AS source ON true
      WHERE thread_id = ${threadId} AND owner_id = ${caller.userId} AND via = 'chat' AND finished_at IS NOT NULL
        AND (failure_class IS NULL OR failure_class <> ALL(${SILENT}))
      GROUP BY server, tool ORDER BY at DESC LIMIT 500`,
  )
}
