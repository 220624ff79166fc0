import pg from 'pg'
import { BATCH_RUNS, CALLS_PER_RUN, makeBatch, SEED_PLACES } from '#scripts/seed/seed-statements.ts'

/**
 * Fills a migrated database with a quarter of use: about `calls` tool calls and a ninth as many runs.
 * Connects as the application and writes under row-level security, a batch in a transaction. Throws
 * if the database was seeded before.
 */
export async function seedDatabase(
  databaseUrl: string,
  calls: number,
  say: (line: string) => void = () => {},
): Promise<{ calls: number; runs: number }> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const inTransaction = async (statements: { text: string; values?: number[] }[]) => {
    await client.query('BEGIN')
    await client.query("SELECT set_config('app.system', 'admin', true)")
    for (const { text, values } of statements) await client.query(text, values)
    await client.query('COMMIT')
  }
  try {
    const runs = Math.max(1, Math.round(calls / CALLS_PER_RUN))
    await inTransaction(SEED_PLACES.map((text) => ({ text }))).catch((cause) => {
      if ((cause as { code?: string }).code !== '23505') throw cause
      throw new Error('This database was seeded before. Seed an empty one.', { cause })
    })
    for (let from = 1; from <= runs; from += BATCH_RUNS) {
      const to = Math.min(from + BATCH_RUNS - 1, runs)
      await inTransaction(makeBatch({ from, to, runs, callsEach: CALLS_PER_RUN }))
      if (to % (BATCH_RUNS * 10) === 0 || to === runs) say(`${to * CALLS_PER_RUN} calls`)
    }
    return { calls: runs * CALLS_PER_RUN, runs }
  } finally {
    await client.end()
  }
}
