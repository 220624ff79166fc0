// npm run seed -- --calls 1000000: fills the database with a believable quarter of people, runs and
// tool calls, to see and measure the admin's pages with. Writes to DATABASE_URL, or to the database of
// `npm run up` while that does not run. Never for an installation that people use.
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '#scripts/build-freshness.ts'
import { migrate } from '#scripts/migrate.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#scripts/postgres/embedded-postgres.ts'
import { seedDatabase } from '#scripts/seed/seed-database.ts'

const CALLS_MAX = 10_000_000
let database: EmbeddedPostgres | undefined
try {
  const { values } = parseArgs({
    options: { calls: { type: 'string', default: '10000' }, data: { type: 'string', default: '.data' } },
  })
  const calls = Number(values.calls)
  if (!Number.isInteger(calls) || calls < 1 || calls > CALLS_MAX)
    throw new Error('Give a number of calls from 1 to 10,000,000: npm run seed -- --calls 100000')
  const given = process.env.DATABASE_URL
  if (!given) {
    database = await startEmbeddedPostgres(path.resolve(ROOT, values.data), { say: console.error })
    await migrate({ ownerUrl: database.ownerUrl, appUrl: database.appUrl })
  }
  const made = await seedDatabase(given ?? (database as EmbeddedPostgres).appUrl, calls, console.log)
  console.log(`Seeded ${made.calls} tool calls in ${made.runs} runs of 240 people over 90 days.`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  await database?.stop()
}
process.exit()
