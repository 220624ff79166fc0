import { markStopped } from '#lib/data/runs/runs.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { subscribeToRun } from '#lib/runs/attach-run.ts'
import { notifyRunChanged, wakeAllFollowers } from '#lib/runs/channel.ts'
import { findActiveRun, listActiveRuns } from '#lib/runs/registry.ts'

/** How long (ms) a stop waits for the run to end. */
const STOP_WAIT_MS = 5_000
/** A number after every event. */
const LAST = 2_147_483_647
/** How long (ms) a drained run has to close what it has open. */
const CLOSE_MS = 3_000

const giveUp = () => undefined

/**
 * Stops the active run of the caller's thread, whichever process it runs in, and waits at most 5 s
 * for its end. Resolves to false if no run was active.
 */
export async function stopRun(caller: Caller, threadId: string): Promise<boolean> {
  const live = findActiveRun(caller.userId, threadId)
  if (live) {
    live.stop()
    await withDeadline(live.ended, STOP_WAIT_MS, giveUp)
    return true
  }
  const runId = await markStopped(caller, threadId)
  if (!runId) return false
  await notifyRunChanged(runId)
  await withDeadline(awaitEnd(runId), STOP_WAIT_MS, giveUp)
  return true
}

async function awaitEnd(runId: string): Promise<void> {
  for await (const _ of subscribeToRun(runId, LAST));
}

/**
 * At shutdown: lets active runs finish until 3 s before `graceMs` ends, then interrupts them. What
 * they have said so far is kept.
 */
export async function drainRuns(graceMs: number): Promise<void> {
  // Readers of another process's run should move to a process that stays.
  wakeAllFollowers()
  const ends = () => Promise.all(listActiveRuns().map(({ ended }) => ended))
  await withDeadline(ends(), Math.max(0, graceMs - CLOSE_MS), giveUp)
  for (const run of listActiveRuns()) run.interrupt('The server is restarting. Try again in a moment.')
  await withDeadline(ends(), Math.min(graceMs, CLOSE_MS), giveUp)
  // The streams of runs that do not end would hold up the process. Their readers continue
  // elsewhere, where the run is found without a process.
  for (const run of listActiveRuns()) run.log.abandon()
}
