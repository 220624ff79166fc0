import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

const LATELY_DAYS = 30

/** The tools called for the caller in the last 30 days, most recent first, 500 at most. */
export function listRecentTools(caller: { userId: string }): Promise<{ server: string; tool: string }[]> {
  return runStatementAs<{ server: string; tool: string }>(
    caller,
    Prisma.sql`
      SELECT server, tool FROM tool_calls
      WHERE owner_id = ${caller.userId} AND started_at > now() - make_interval(days => ${LATELY_DAYS}::integer)
      GROUP BY server, tool ORDER BY max(started_at) DESC, server, tool LIMIT 500`,
  )
}
