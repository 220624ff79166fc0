import { processState } from '#lib/platform/process-state.ts'
import type { EventLog } from '#lib/runs/event-log.ts'

/** A run of this process. It is kept for a while after its end. */
export type LiveRun = {
  readonly id: string
  readonly ownerId: string
  readonly threadId: string
  readonly log: EventLog
  /**
   * Ends the run. Without `why`, the person stopped it. With `why`, a sentence for the person, the
   * app may no longer act for them.
   */
  stop(why?: string): void
  /** Ends the run as our failure, with a sentence for the person. */
  interrupt(publicMessage: string): void
  /**
   * Ends work on a run that another process took for dead and closed. Nothing more of it is kept,
   * and its readers continue from the other process's log.
   */
  lose(): void
  /**
   * Resolves when the end is in the row (or writing it was given up) and every reader has
   * everything. Never rejects.
   */
  ended: Promise<void>
  active: boolean
}

type Registry = {
  runs: Map<string, LiveRun>
  beating?: NodeJS.Timeout
  watching?: NodeJS.Timeout
  sweeping?: NodeJS.Timeout
  hearing?: () => void
  /** Asks the database whether this process's runs were ended elsewhere. */
  lookAtRows?: () => void
  /** Wake functions of readers that wait for another process's run, by run id. */
  waiting: Map<string, Set<() => void>>
}

/**
 * How long (ms) and how much (bytes) of ended runs' logs is kept in memory for late readers. The
 * database keeps them longer.
 */
const KEPT_MS = 60_000
const KEPT_BYTES = 64_000_000

/** The runs of this process. */
export const registry = processState('runs', (): Registry => ({ runs: new Map(), waiting: new Map() }))

/** The person's active run of this thread, if it runs in this process. */
export function findActiveRun(ownerId: string, threadId: string): LiveRun | undefined {
  for (const run of registry().runs.values())
    if (run.active && run.threadId === threadId && run.ownerId === ownerId) return run
  return undefined
}

export function listActiveRuns(): LiveRun[] {
  return [...registry().runs.values()].filter(({ active }) => active)
}

/**
 * Keeps an ended run's log for a minute. If all logs together are too large, the oldest are dropped
 * earlier.
 */
export function keepEndedRun(run: LiveRun): void {
  const { runs } = registry()
  setTimeout(() => runs.delete(run.id), KEPT_MS).unref()
  let bytes = 0
  for (const ended of [...runs.values()].reverse()) {
    if (ended.active) continue
    bytes += ended.log.bytes
    if (bytes > KEPT_BYTES) runs.delete(ended.id)
  }
}
