import { processState } from '#lib/platform/process-state.ts'
import type { EventLog } from '#lib/runs/event-log.ts'

/** A run of this process, and for a while after its end. */
export type LiveRun = {
  readonly id: string
  readonly ownerId: string
  readonly threadId: string
  readonly log: EventLog
  /** Ends the run as the person's own wish; or, with a sentence for the person, because they may no longer be acted for. */
  stop(why?: string): void
  /** Ends the run as a failure of ours, with a sentence for the person. */
  interrupt(publicMessage: string): void
  /** Ends the work on a run that others have taken for dead and closed: nothing more of it is kept, and its readers look there. */
  lose(): void
  /** Resolves when the row has its end (or writing it was given up) and every reader got everything. Never rejects. */
  ended: Promise<void>
  active: boolean
}

type Registry = {
  runs: Map<string, LiveRun>
  beating?: NodeJS.Timeout
  watching?: NodeJS.Timeout
  sweeping?: NodeJS.Timeout
  hearing?: () => void
  /** Asks the database what became of this process's runs. */
  lookAtRows?: () => void
  /** Who waits for news of a run of another process, by its id. */
  waiting: Map<string, Set<() => void>>
}

/** How long (ms) and how much (bytes) of the logs of ended runs is kept for readers that come late. The database has them for longer. */
const KEPT_MS = 60_000
const KEPT_BYTES = 64_000_000

/** The runs of this process. */
export const registry = processState('runs', (): Registry => ({ runs: new Map(), waiting: new Map() }))

/** The thread's run that is still going in this process, if it is this person's. */
export function activeRun(ownerId: string, threadId: string): LiveRun | undefined {
  for (const run of registry().runs.values())
    if (run.active && run.threadId === threadId && run.ownerId === ownerId) return run
  return undefined
}

export function activeRuns(): LiveRun[] {
  return [...registry().runs.values()].filter(({ active }) => active)
}

/** Keeps an ended run's log for a minute; the oldest go earlier where all together are too large. */
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
