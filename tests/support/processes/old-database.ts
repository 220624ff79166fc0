import { expect, vi } from 'vitest'
import { STALE_MS } from '#lib/data/runs/runs.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'

/**
 * Resolves when the tests' PostgreSQL has been up long enough for a silent run to count as dead. A
 * file that runs alone would be too early.
 */
export async function untilDatabaseIsOld(): Promise<void> {
  const look = async () => {
    const age = await runSystemStatement(
      'recovery',
      Prisma.sql`SELECT pg_postmaster_start_time() < now() - ${STALE_MS}::integer * interval '1 millisecond' AS "isOld"`,
    )
    expect(age).toEqual([{ isOld: true }])
  }
  await vi.waitFor(look, { timeout: STALE_MS * 3, interval: 200 })
}
