import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { Prisma, PrismaClient } from '#lib/generated/prisma/client.ts'
import { DatabaseConnection } from '#lib/platform/db/database-connection.ts'
import { retryWhileDatabaseIsAway } from '#lib/platform/db/retry.ts'
import { findCurrentRun } from '#lib/platform/db/run-fence.ts'
import { env } from '#lib/platform/env.ts'
import { isDatabaseDown, OutcomeUnknownError } from '#lib/platform/errors.ts'
import { processState } from '#lib/platform/process-state.ts'
import { recordSpan } from '#lib/platform/telemetry/record-span.ts'
import { toRunSpan } from '#lib/platform/telemetry/trace-context.ts'

/**
 * The database inside one transaction, under row-level security for one person or for the system.
 */
export type Tx = Prisma.TransactionClient

/** Why code may read across people. A test lists the callers of each reason. */
export type SystemReason =
  | 'sign-in'
  | 'tokens'
  | 'admin'
  | 'recovery'
  | 'expiry'
  | 'tool-servers'
  | 'assistants'
  | 'models'
  | 'runs'
  | 'usage'
  | 'shares'

const ACQUIRE_MS = 5_000
const TRANSACTION_MS = 15_000
/**
 * PostgreSQL rolls back a run's transaction after this idle time, before the run is taken over
 * (STALE_MS).
 */
const RUN_IDLE_MS = 8_000
const shared = processState('database', (): { client?: PrismaClient; pool?: pg.Pool } => ({}))

// The pool replaces a broken idle connection on demand. Without this listener the error would end
// the process.
const ignore = () => {}

/** The connection pool of the process, shared by Prisma and the short way (`runStatementAs`). */
function pool(): pg.Pool {
  shared().pool ??= new pg.Pool({
    Client: DatabaseConnection,
    connectionString: env().DATABASE_URL,
    max: env().DATABASE_POOL_SIZE,
    connectionTimeoutMillis: ACQUIRE_MS,
    idleTimeoutMillis: 30_000,
    // Longer than a transaction's own limit: for a database that does not answer at all.
    query_timeout: TRANSACTION_MS + 1_000,
    application_name: 'switchboard',
    // Sends statements without waiting for the answers to earlier ones.
    pipeline: true,
  })
    .on('error', ignore)
    // A connection in use must not end the process either: its holder gets the error with the next
    // query.
    .on('connect', (connection) => void connection.on('error', ignore))
  return shared().pool as pg.Pool
}

/**
 * The one Prisma client of the process. Use it directly only for tables without row-level security
 * (rate limits) and for health checks.
 */
export function db(): PrismaClient {
  const own = shared()
  own.client ??= new PrismaClient({ adapter: new PrismaPg(pool()) })
  return own.client
}

/** The connections of the pool now, and how many requests wait for one. */
export function findPoolUse(): { used: number; idle: number; waiting: number } {
  const { totalCount = 0, idleCount = 0, waitingCount = 0 } = shared().pool ?? {}
  return { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount }
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

// Set for the transaction, not the connection: a transaction pooler passes on the former and
// rejects the latter.
function settings(whose: Whose, value: string): Prisma.Sql {
  // System transactions also write to runs: their logs and heartbeats.
  const idleMs = findCurrentRun() || whose === 'app.system' ? RUN_IDLE_MS : TRANSACTION_MS
  return Prisma.sql`
    SELECT set_config(${whose}, ${value}, true), set_config('app.run_id', ${findCurrentRun() ?? ''}, true),
      set_config('statement_timeout', ${String(TRANSACTION_MS)}, true),
      set_config('idle_in_transaction_session_timeout', ${String(idleMs)}, true)`
}

async function transaction<T>(whose: Whose, value: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const set = settings(whose, value)
  const beganAt = Date.now()
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
    // Only the commit was left, and only a lost connection leaves its outcome unknown.
    throw done && isDatabaseDown(error) ? new OutcomeUnknownError(error) : error
  } finally {
    recordTransaction(beganAt)
  }
}

function recordTransaction(beganAt: number): void {
  const runId = findCurrentRun()
  const parent = runId === undefined ? undefined : toRunSpan(runId)
  const attributes = { 'db.system.name': 'postgresql' }
  recordSpan({ name: 'transaction', kind: 'client', beganAt, parent, attributes })
}

/**
 * Runs `work` in one transaction (at most 15 s) that sees only the rows of `caller`. This is the
 * second wall behind the owner condition that every query has anyway. Throws what `work` throws,
 * after a rollback. Inside `withDatabasePatience` it waits for a database that is away.
 */
export function withCaller<T>(caller: { userId: string }, work: (tx: Tx) => Promise<T>): Promise<T> {
  return retryWhileDatabaseIsAway(() => transaction('app.user_id', caller.userId, work))
}

/**
 * Runs `work` in one transaction (at most 15 s) across all people, for the few reasons that need
 * it.
 */
export function withSystem<T>(reason: SystemReason, work: (tx: Tx) => Promise<T>): Promise<T> {
  return retryWhileDatabaseIsAway(() => transaction('app.system', reason, work))
}

/**
 * The short way, for queries that every request makes. Runs independent statements in one
 * transaction under row-level security for one person, in two round trips. Resolves to the rows of
 * the last statement, whose columns have the names that the SQL gives them.
 */
export function runStatementAs<Row extends object>(
  caller: { userId: string },
  ...statements: Prisma.Sql[]
): Promise<Row[]> {
  return retryWhileDatabaseIsAway(() => runStatements<Row>('app.user_id', caller.userId, statements))
}

/** The short way across all people, for the same few reasons as `withSystem`. */
export function runSystemStatement<Row extends object>(
  reason: SystemReason,
  ...statements: Prisma.Sql[]
): Promise<Row[]> {
  return retryWhileDatabaseIsAway(() => runStatements<Row>('app.system', reason, statements))
}

async function runStatements<Row extends object>(
  whose: Whose,
  value: string,
  statements: Prisma.Sql[],
): Promise<Row[]> {
  const all = [settings(whose, value), ...statements]
  const beganAt = Date.now()
  const connection = await pool().connect()
  let broken: Error | undefined
  let done = false
  try {
    const answers = await Promise.all([
      connection.query('BEGIN'),
      ...all.map(({ text, values }) => connection.query<Row>(text, values)),
    ])
    done = true
    // COMMIT is sent separately. If the connection breaks before it, nothing was committed and the
    // statements can be retried.
    await connection.query('COMMIT')
    return answers.at(-1)?.rows ?? []
  } catch (error) {
    // Only an error from the database itself can be rolled back. After any other error the
    // connection must not be reused.
    if (error instanceof pg.DatabaseError) await connection.query('ROLLBACK').catch((cause) => (broken = cause))
    else broken = error as Error
    throw done && isDatabaseDown(error) ? new OutcomeUnknownError(error) : error
  } finally {
    connection.release(broken)
    recordTransaction(beganAt)
  }
}
