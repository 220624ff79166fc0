import { RUNS_CHANNEL as CHANNEL } from '#lib/data/runs/runs.ts'
import { isListening, listen, notify } from '#lib/platform/db/notify.ts'
import { registry } from '#lib/runs/registry.ts'

// A message is a run's id and the number of its last event: 0 where the row itself has changed.

/** Tells other processes that these runs have new events. */
export function notifyEvents(runs: { runId: string; lastSeq: number }[]): Promise<void> {
  return notify(
    CHANNEL,
    runs.map(({ runId, lastSeq }) => `${runId} ${lastSeq}`),
  )
}

/** Tells the process of a run to look at the run's row: somebody ended it. */
export function notifyRunChanged(runId: string): Promise<void> {
  return notify(CHANNEL, [`${runId} 0`])
}

/** Begins to hear of runs of other processes, and of what others do to the runs of this one; once a process. */
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

/** True when news of other processes arrive by themselves. */
export const isListeningForRuns = isListening

/** Lets whoever waits for a run of another process look again. */
export function wakeAllFollowers(): void {
  for (const wakes of registry().waiting.values()) for (const wake of wakes) wake()
}

/** Counts the news of one run of another process from now on. */
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
    /** Resolves when there are news since the last call, after `ms` in any case. */
    async next(ms) {
      if (!heard) {
        const { promise, resolve } = Promise.withResolvers<void>()
        arrived = resolve
        const timer = setTimeout(resolve, ms)
        await promise
        clearTimeout(timer)
      }
      heard = false
    },
    close() {
      wakes.delete(wake)
      if (wakes.size === 0 && waiting.get(runId) === wakes) waiting.delete(runId)
    },
  }
}
