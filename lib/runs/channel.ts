import { RUNS_CHANNEL as CHANNEL } from '#lib/data/runs/runs.ts'
import { isListening, listen, notify } from '#lib/platform/db/notify.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { registry } from '#lib/runs/registry.ts'

// A message is a run's id and the number of its last event. The number is 0 if the row itself
// changed.

/** Tells other processes that these runs have new events. */
export function notifyEvents(runs: { runId: string; lastSeq: number }[]): Promise<void> {
  return notify(
    CHANNEL,
    runs.map(({ runId, lastSeq }) => `${runId} ${lastSeq}`),
  )
}

/**
 * Tells the process that works on a run to read the run's row again, because the run was ended
 * elsewhere.
 */
export function notifyRunChanged(runId: string): Promise<void> {
  return notify(CHANNEL, [`${runId} 0`])
}

/**
 * Subscribes to news of other processes' runs and of changes that others make to this process's
 * runs. Subscribes once per process.
 */
export function listenForRuns(): void {
  const shared = registry()
  shared.hearing ??= listen(CHANNEL, {
    heard(payload) {
      const [runId = '', seq] = payload.split(' ')
      if (seq === '0' && shared.runs.get(runId)?.active) shared.lookAtRows?.()
      for (const wake of shared.waiting.get(runId) ?? []) wake()
    },
    missed() {
      shared.lookAtRows?.()
      wakeAllFollowers()
    },
  })
}

/** True if news from other processes is pushed to this one, so that polling may be slow. */
export const isListeningForRuns = isListening

/** Makes every reader that waits for another process's run look again. */
export function wakeAllFollowers(): void {
  for (const wakes of registry().waiting.values()) for (const wake of wakes) wake()
}

/** Subscribes to news of one run of another process. */
export function subscribeToNews(runId: string): { next(ms: number): Promise<void>; close(): void } {
  const { waiting } = registry()
  let heard = false
  let arrived: (() => void) | undefined
  const wake = () => {
    heard = true
    arrived?.()
  }
  const wakes = waiting.get(runId) ?? new Set()
  waiting.set(runId, wakes.add(wake))
  return {
    /** Resolves when there has been news since the last call, or after `ms`. */
    async next(ms) {
      if (!heard) {
        const { promise, resolve } = Promise.withResolvers<void>()
        arrived = resolve
        await withDeadline(promise, ms, () => undefined)
      }
      heard = false
    },
    close() {
      wakes.delete(wake)
      if (wakes.size === 0 && waiting.get(runId) === wakes) waiting.delete(runId)
    },
  }
}
