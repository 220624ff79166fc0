import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseDown, OutcomeUnknownError } from '#lib/platform/errors.ts'

/** Waits (ms) between attempts; the last one repeats. */
const WAITS_MS = [100, 250, 500, 1_000]

const storage = new AsyncLocalStorage<number>()

/**
 * Runs `work` so that an unreachable database delays each of its transactions by up to `ms` instead
 * of failing it.
 */
export function withDatabasePatience<T>(ms: number, work: () => T): T {
  return storage.run(ms, work)
}

/**
 * Runs one transaction and retries it while the database is away and the patience of the current
 * work lasts. Does not retry if the outcome is unknown: only the caller knows whether it may happen
 * twice.
 */
export async function retryWhileDatabaseIsAway<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + (storage.getStore() ?? 0)
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() >= deadline || error instanceof OutcomeUnknownError || !isDatabaseDown(error)) throw error
    }
    await sleep(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)])
  }
}

/** Retries an idempotent statement once if its outcome is unknown. */
export async function retryIdempotent<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof OutcomeUnknownError)) throw error
    return attempt()
  }
}
