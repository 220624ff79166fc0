import { createHash } from 'node:crypto'
import { RateLimiterPrisma, RateLimiterRes } from 'rate-limiter-flexible'
import { db } from '#lib/platform/db/db.ts'
import { AppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** A rate limit: `points` events within `seconds`, counted from the first event. */
export type Limit = {
  name: string
  points: number
  seconds: number
  /** The sentence that a person reads before "Try again in ...". */
  said?: string
  /**
   * If true, a used-up limit is refused from memory until it resets, so a flood costs the database
   * nothing. Only for limits that are never reset early (`resetLimit`).
   */
  flood?: true
}

const PURGE_EVERY_MS = 600_000
let purgedAt = 0

// One set per database client, because a limiter remembers which keys have used up a limit.
const limiters = processState('limiters', () => new WeakMap<object, Map<string, RateLimiterPrisma>>())

// Keys are addresses and people. The table stores only a digest, which is enough for counting.
function limiterFor({ name, points, seconds, flood }: Limit, key: string) {
  const digest = createHash('sha256').update(key).digest('base64url').slice(0, 27)
  const id = `${name} ${points} ${seconds}`
  const client = db()
  const own = limiters().get(client) ?? new Map<string, RateLimiterPrisma>()
  limiters().set(client, own)
  const known = own.get(id)
  if (known) return { store: known, digest }
  const store = new RateLimiterPrisma({
    storeClient: client,
    tableName: 'rateLimiterFlexible',
    keyPrefix: name,
    points,
    duration: seconds,
    clearExpiredByTimeout: false,
    ...(flood && { inMemoryBlockOnConsumed: points + 1 }),
  })
  own.set(id, store)
  return { store, digest }
}

/**
 * Counts one event of `key` in a table that all replicas share. Throws limited, with the seconds
 * until the next event is allowed.
 */
export async function consumeLimit(limit: Limit, key: string): Promise<void> {
  void purgeExpired()
  const { store, digest } = limiterFor(limit, key)
  try {
    await store.consume(digest)
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused
    const retryAfter = Math.max(1, Math.ceil(refused.msBeforeNext / 1000))
    throw new AppError('limited', `${limit.said ?? 'Too many attempts.'} Try again in ${formatWait(retryAfter)}.`, {
      retryAfter,
    })
  }
}

/** Resets the count of `key`, for example after a correct password that followed wrong ones. */
export async function resetLimit(limit: Limit, key: string): Promise<void> {
  const { store, digest } = limiterFor(limit, key)
  await store.delete(digest)
}

function formatWait(seconds: number): string {
  if (seconds < 60) return seconds === 1 ? 'a second' : `${seconds} seconds`
  const minutes = Math.ceil(seconds / 60)
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}

async function purgeExpired(): Promise<void> {
  if (Date.now() - purgedAt < PURGE_EVERY_MS) return
  purgedAt = Date.now()
  try {
    await db().rateLimiterFlexible.deleteMany({ where: { expire: { lt: new Date() } } })
  } catch (error) {
    log.warn({ error }, 'expired rate limits were not cleared')
  }
}
