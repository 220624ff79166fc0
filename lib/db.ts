import { PrismaPg } from '@prisma/adapter-pg'
import { env } from '#lib/env.ts'
import { isDatabaseDown, OutcomeUnknownError } from '#lib/errors.ts'
import { type Prisma, PrismaClient } from '#lib/generated/prisma/client.ts'

/** The database as one transaction sees it: under row-level security for one person, or for the system. */
export type Tx = Prisma.TransactionClient

/** Why code may look across people. A test lists the callers of each reason. */
export type SystemReason = 'sign-in' | 'tokens' | 'admin' | 'recovery' | 'expiry' | 'tool-servers'

const ACQUIRE_MS = 5_000
const TRANSACTION_MS = 15_000
const shared = globalThis as { switchboardDb?: PrismaClient }

/** The one database client of the process. Only row-level-security-free tables (rate limits) and health checks use it directly. */
export function db(): PrismaClient {
  shared.switchboardDb ??= new PrismaClient({
    adapter: new PrismaPg({
      connectionString: env().DATABASE_URL,
      max: env().DATABASE_POOL_SIZE,
      connectionTimeoutMillis: ACQUIRE_MS,
      idleTimeoutMillis: 30_000,
      statement_timeout: TRANSACTION_MS,
      application_name: 'switchboard',
    }),
  })
  return shared.switchboardDb
}

/** Closes the pool, at shutdown and between tests. The next call of `db` opens a new one. */
export async function closeDb(): Promise<void> {
  const open = shared.switchboardDb
  shared.switchboardDb = undefined
  await open?.$disconnect()
}

async function transaction<T>(setting: 'app.user_id' | 'app.system', value: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  let done = false
  try {
    return await db().$transaction(
      async (tx) => {
        await tx.$executeRaw`SELECT set_config(${setting}, ${value}, true)`
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
 * every query has anyway. Throws what `work` throws, after rolling back.
 */
export function withCaller<T>(caller: { userId: string }, work: (tx: Tx) => Promise<T>): Promise<T> {
  return transaction('app.user_id', caller.userId, work)
}

/** One transaction (15 s at most) across all people, for the few reasons that need it. */
export function withSystem<T>(reason: SystemReason, work: (tx: Tx) => Promise<T>): Promise<T> {
  return transaction('app.system', reason, work)
}
