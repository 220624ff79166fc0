import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { Prisma, PrismaClient } from '#lib/generated/prisma/client.ts'
import { Connection } from '#lib/platform/db/connection.ts'
import { retryWhileDatabaseIsAway } from '#lib/platform/db/retry.ts'
import { currentRun } from '#lib/platform/db/run-fence.ts'
import { env } from '#lib/platform/env.ts'
import { isDatabaseDown, OutcomeUnknownError } from '#lib/platform/errors.ts'
import { processState } from '#lib/platform/process-state.ts'

/** The database as one transaction sees it: under row-level security for one person, or for the system. */
export type Tx = Prisma.TransactionClient

/** Why code may look across people. A test lists the callers of each reason. */
export type SystemReason = 'sign-in' | 'tokens' | 'admin' | 'recovery' | 'expiry' | 'tool-servers' | 'runs'

const ACQUIRE_MS = 5_000
const TRANSACTION_MS = 15_000
/** A run's transaction whose process says nothing for so long is rolled back, before the run is taken over (STALE_MS). */
const RUN_IDLE_MS = 8_000
const shared = processState('database', (): { client?: PrismaClient; pool?: pg.Pool } => ({}))

// A connection that breaks while nobody uses it is replaced when the next one is needed; without this it would end the process.
const ignore = () => {}

/** The connections of the process: Prisma's and those of the short way share them. */
function pool(): pg.Pool {
  shared().pool ??= new pg.Pool({
    Client: Connection,
    connectionString: env().DATABASE_URL,
    max: env().DATABASE_POOL_SIZE,
    connectionTimeoutMillis: ACQUIRE_MS,
    idleTimeoutMillis: 30_000,
    // Longer than a transaction's own limit: this is for a database that does not answer at all.
    query_timeout: TRANSACTION_MS + 1_000,
    application_name: 'switchboard',
    // What is asked without waiting for the answer before is sent without waiting for it.
    pipeline: true,
  })
    .on('error', ignore)
    // Nor may one that breaks while it is lent out: whoever has it finds out with its next query.
    .on('connect', (connection) => void connection.on('error', ignore))
  return shared().pool as pg.Pool
}

/** The one database client of the process. Only row-level-security-free tables (rate limits) and health checks use it directly. */
export function db(): PrismaClient {
  const own = shared()
  own.client ??= new PrismaClient({ adapter: new PrismaPg(pool()) })
  return own.client
}

/** Closes the pool, at shutdown and between tests. The next call of `db` opens a new one. */
export async function closeDb(): Promise<void> {
  const own = shared()
  const { client, pool: connections } = own
  own.client = undefined
  own.pool = undefined
  await client?.$disconnect()
  await connections?.end()
}

type Whose = 'app.user_id' | 'app.system'

// Settings of the transaction, not of the connection: a transaction pooler hands these on and refuses the others.
function settings(whose: Whose, value: string): Prisma.Sql {
  // The system's transactions hold runs, too: their logs and heartbeats.
  const idleMs = currentRun() || whose === 'app.system' ? RUN_IDLE_MS : TRANSACTION_MS
  return Prisma.sql`
    SELECT set_config(${whose}, ${value}, true), set_config('app.run_id', ${currentRun() ?? ''}, true),
      set_config('statement_timeout', ${String(TRANSACTION_MS)}, true),
      set_config('idle_in_transaction_session_timeout', ${String(idleMs)}, true)`
}

async function transaction<T>(whose: Whose, value: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const set = settings(whose, value)
  let done = false
  try {
    return await db().$transaction(
      async (tx) => {
        await tx.$executeRaw(set)
        const result = await work(tx)
        done = true
        return result
      },
      { maxWait: ACQUIRE_MS, timeout: TRANSACTION_MS },
    )
  } catch (error) {
    // Only the commit was still to come. Nothing but a lost connection leaves its outcome open.
    throw done && isDatabaseDown(error) ? new OutcomeUnknownError(error) : error
  }
}

/**
 * One transaction (15 s at most) in which only `caller`'s rows exist: the second wall behind the owner condition that
 * every query has anyway. Throws what `work` throws, after rolling back. Within `patiently` a database that is away is waited for.
 */
export function withCaller<T>(caller: { userId: string }, work: (tx: Tx) => Promise<T>): Promise<T> {
  return retryWhileDatabaseIsAway(() => transaction('app.user_id', caller.userId, work))
}

/** One transaction (15 s at most) across all people, for the few reasons that need it. */
export function withSystem<T>(reason: SystemReason, work: (tx: Tx) => Promise<T>): Promise<T> {
  return retryWhileDatabaseIsAway(() => transaction('app.system', reason, work))
}

/**
 * The short way for what every request asks: statements that do not need each other's rows, in one transaction under row-level
 * security for one person. Resolves to the rows of the last, whose columns come under the names that it gives them. Two round
 * trips to the database.
 */
export function statementAs<Row extends object>(
  caller: { userId: string },
  ...statements: Prisma.Sql[]
): Promise<Row[]> {
  return retryWhileDatabaseIsAway(() => runStatements<Row>('app.user_id', caller.userId, statements))
}

/** The short way across all people, for the same few reasons as `withSystem`. */
export function systemStatement<Row extends object>(reason: SystemReason, ...statements: Prisma.Sql[]): Promise<Row[]> {
  return retryWhileDatabaseIsAway(() => runStatements<Row>('app.system', reason, statements))
}

async function runStatements<Row extends object>(
  whose: Whose,
  value: string,
  statements: Prisma.Sql[],
): Promise<Row[]> {
  const all = [settings(whose, value), ...statements]
  const connection = await pool().connect()
  let broken: Error | undefined
  let done = false
  try {
    const answers = await Promise.all([
      connection.query('BEGIN'),
      ...all.map(({ text, values }) => connection.query<Row>(text, values)),
    ])
    done = true
    // Not sent along: a connection that breaks before surely committed nothing, so that what was asked may be asked again.
    await connection.query('COMMIT')
    return answers.at(-1)?.rows ?? []
  } catch (error) {
    // Only what the database itself refused can be rolled back; a connection that broke otherwise must not be used again.
    if (error instanceof pg.DatabaseError) await connection.query('ROLLBACK').catch((cause) => (broken = cause))
    else broken = error as Error
    throw done && isDatabaseDown(error) ? new OutcomeUnknownError(error) : error
  } finally {
    connection.release(broken)
  }
}
