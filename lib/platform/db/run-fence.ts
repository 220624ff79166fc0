import { AsyncLocalStorage } from 'node:async_hooks'

const storage = new AsyncLocalStorage<string>()

/**
 * Runs `work` as part of a run: its writes for a person count only while the run is open. If a
 * frozen process wakes after others declared its run dead, the database refuses its writes.
 */
export function withRun<T>(runId: string, work: () => T): T {
  return storage.run(runId, work)
}

/** Runs work that a run started but that outlives it. */
export function withoutRun<T>(work: () => T): T {
  return storage.exit(work)
}

/** The id of the run that the current work belongs to, or undefined. */
export function findCurrentRun(): string | undefined {
  return storage.getStore()
}
