import type { ToolCallStatus } from '#lib/data/runs/tool-calls.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

/** How many calls are listed: those with an unknown outcome, then the latest. */
const CALLS_MAX = 100
const ARGUMENTS_MAX_CHARS = 300
const ERROR_MAX_CHARS = 300

/** A call as the ledger has it. `arguments` is redacted JSON, clipped to 300 characters. */
export type CoveredCall = {
  server: string
  tool: string
  arguments: string
  status: ToolCallStatus
  failureClass: string | null
  errorMessage: string | null
}

/**
 * The calls that were made for the messages of a thread up to an item, whichever attempt made them:
 * 100 at most, oldest first, and how many there are in all. Calls whose outcome is not known are
 * always among them.
 */
export async function listCoveredCalls(
  caller: { userId: string },
  threadId: string,
  throughId: string,
): Promise<{ calls: CoveredCall[]; total: number }> {
  const own = Prisma.sql`thread_id = ${threadId} AND owner_id = ${caller.userId}`
  const rows = await runStatementAs<CoveredCall & { total: number }>(
    caller,
    Prisma.sql`
      SELECT * FROM (
        SELECT server, tool, left(arguments::text, ${ARGUMENTS_MAX_CHARS}::integer) AS arguments, status::text AS status,
          failure_class AS "failureClass", left(error_message, ${ERROR_MAX_CHARS}::integer) AS "errorMessage",
          started_at, id, count(*) OVER ()::integer AS total
        FROM tool_calls
        WHERE ${own} AND turn_id IN (SELECT id FROM thread_items WHERE ${own} AND type = 'user_message'
          AND seq <= (SELECT seq FROM thread_items WHERE ${own} AND id = ${throughId}))
        ORDER BY status IN ('pending', 'unknown', 'cancelled') DESC, started_at DESC, id DESC LIMIT ${CALLS_MAX}::integer
      ) AS chosen ORDER BY started_at, id`,
  )
  return { calls: rows, total: rows[0]?.total ?? 0 }
}
