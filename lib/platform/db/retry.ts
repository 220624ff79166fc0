import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseDown, OutcomeUnknownError } from '#lib/platform/errors.ts'

/** Waits (ms) before something is tried again; the last one from then on. */
const WAITS_MS = [100, 250, 500, 1_000]

const storage = new AsyncLocalStorage<number>()

/** Runs `work` so that a database which is away delays what it does there, for `ms` at most each time, instead of failing it. */
export function withDatabasePatience<T>(ms: number, work: () => T): T {
  return storage.run(ms, work)
}

/**
 * One transaction, tried again while the database is away and the work it belongs to has patience. One whose outcome nobody
 * knows is not: only its caller can say whether it may happen twice.
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

/** Does what may be done twice once more where nobody knows whether it was done. */
export async function retryIdempotent<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof OutcomeUnknownError)) throw error
    return attempt()
  }
}
