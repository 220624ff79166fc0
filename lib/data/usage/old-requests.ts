import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'
import { env } from '#lib/platform/env.ts'

/** How many requests one statement deletes, and how many statements one look runs. */
const BATCH = 5_000
const BATCHES_MAX = 20

/**
 * Deletes what was used longer ago than USAGE_DAYS, at most 100,000 requests at once: the next look
 * deletes the rest. Limits do not need them, because no period is as long. Resolves to their number.
 */
export async function deleteOldRequests(): Promise<number> {
  const days = env().USAGE_DAYS
  if (days === 0) return 0
  const before = Prisma.sql`now() - ${days}::integer * interval '1 day'`
  let deleted = 0
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const [found] = await runSystemStatement<{ count: number }>(
      'usage',
      Prisma.sql`
        WITH old AS (
          DELETE FROM model_requests WHERE id IN (
            SELECT id FROM model_requests WHERE settled_at IS NOT NULL AND created_at < ${before}
            ORDER BY created_at LIMIT ${BATCH}::integer FOR UPDATE SKIP LOCKED)
          RETURNING 1)
        SELECT count(*)::integer AS count FROM old`,
    )
    deleted += found?.count ?? 0
    if ((found?.count ?? 0) < BATCH) break
  }
  await runSystemStatement('usage', Prisma.sql`DELETE FROM usage_sums WHERE starts_on < (${before})::date`)
  return deleted
}
