import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs } from '#lib/platform/db/db.ts'

/** A model and its provider, by the names that calls and runs keep. */
export type AskingModel = { model: string; provider: { name: string } }

/**
 * The provider's model that answered last in these runs of the owner: a run that goes on after a
 * pause makes the calls that it asked for. Undefined if none did.
 */
export async function findModelOfRuns(
  { userId }: { userId: string },
  runs: readonly string[],
): Promise<AskingModel | undefined> {
  if (runs.length === 0) return undefined
  const [row] = await runStatementAs<{ model: string; provider: string }>(
    { userId },
    Prisma.sql`
      SELECT model, provider FROM runs
      WHERE id = ANY(${runs}::text[]) AND owner_id = ${userId} AND model IS NOT NULL AND provider IS NOT NULL
      ORDER BY created_at DESC LIMIT 1`,
  )
  return row && { model: row.model, provider: { name: row.provider } }
}
