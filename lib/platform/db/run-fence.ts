import { AsyncLocalStorage } from 'node:async_hooks'

const storage = new AsyncLocalStorage<string>()

/**
 * Does `work` as a part of a run: what it writes for a person counts only while the run is open. A process that was frozen
 * until others took its run for dead changes nothing when it wakes, because the database refuses it.
 */
export function withRun<T>(runId: string, work: () => T): T {
  return storage.run(runId, work)
}

/** Does what a run began and what outlives it. */
export function withoutRun<T>(work: () => T): T {
  return storage.exit(work)
}

/** The run whose work this is; undefined outside of one. */
export function currentRun(): string | undefined {
  return storage.getStore()
}
