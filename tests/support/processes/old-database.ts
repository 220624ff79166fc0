import { expect, vi } from 'vitest'
import { STALE_MS } from '#lib/data/runs/runs.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { systemStatement } from '#lib/platform/db/db.ts'

/** Resolves when the PostgreSQL of the tests has been up for so long that a run which says nothing is dead: a file that is run alone is there before. */
export async function untilDatabaseIsOld(): Promise<void> {
  const look = async () => {
    const age = await systemStatement(
      'recovery',
      Prisma.sql`SELECT pg_postmaster_start_time() < now() - ${STALE_MS}::integer * interval '1 millisecond' AS "isOld"`,
    )
    expect(age).toEqual([{ isOld: true }])
  }
  await vi.waitFor(look, { timeout: STALE_MS * 3, interval: 200 })
}
