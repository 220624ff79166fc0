import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'

/** How many days count for what is usual. */
export const PERIOD_DAYS = 7

/**
 * The p50 and p95 (ms) of a tool's successful calls in the last `PERIOD_DAYS` days, and their
 * number. Only for callers whose admin role was checked.
 */
export async function readUsual(
  server: string,
  tool: string,
): Promise<{ calls: number; p50: number | null; p95: number | null }> {
  const [row] = await runSystemStatement<{ calls: number; p50: number | null; p95: number | null }>(
    'admin',
    Prisma.sql`
      SELECT count(*)::int AS calls, percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50,
             percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95
      FROM tool_calls
      WHERE server = ${server} AND tool = ${tool} AND status = 'succeeded'
        AND started_at >= now() - make_interval(days => ${PERIOD_DAYS})`,
  )
  return row ?? { calls: 0, p50: null, p95: null }
}
