import { sweepRunEvents } from '#lib/data/runs/run-events.ts'
import { recordHeartbeat } from '#lib/data/runs/runs.ts'
import { log, withLogContext } from '#lib/platform/log.ts'
import { listenForRuns } from '#lib/runs/channel.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'
import { listActiveRuns, registry } from '#lib/runs/registry.ts'

/** How often (ms) this process reports which runs it works on. */
const BEAT_MS = 2_500
/**
 * How often (ms) this process looks for runs whose process died. A run counts as dead after 10 s
 * without a heartbeat, so all are found within 15 s.
 */
const WATCH_MS = 3_000
/** How often (ms) this process looks for logs that have expired. */
const SWEEP_MS = 300_000

/**
 * Starts the heartbeat of this process's active runs, which also detects runs that were ended
 * elsewhere. The timer stops by itself when no run is active.
 */
export function startHeartbeat(): void {
  const shared = registry()
  // The timer outlives the request that started it, so its log lines must not carry that request's
  // id.
  shared.beating ??= withLogContext({ request_id: undefined, user_id: undefined }, () =>
    setInterval(beatOnce, BEAT_MS).unref(),
  )
  shared.lookAtRows = () => void beatOnce()
  listenForRuns()
}

async function beatOnce(): Promise<void> {
  const runs = listActiveRuns()
  if (runs.length === 0) {
    const shared = registry()
    clearInterval(shared.beating)
    shared.beating = undefined
    return
  }
  try {
    // A run that was stopped elsewhere, or closed as dead, must not continue here.
    for (const { id, isOpen, why } of await recordHeartbeat(runs.map(({ id }) => id))) {
      const run = runs.find((candidate) => candidate.id === id)
      if (isOpen) run?.stop(why)
      else run?.lose()
    }
  } catch (error) {
    log.warn({ error }, 'heartbeat of runs failed')
  }
}

/**
 * Looks for runs whose process died, now and every 3 s, and for expired logs every 5 minutes. Call
 * it once when the server starts.
 */
export function startRecovery(): void {
  const shared = registry()
  if (shared.watching) return
  shared.watching = repeatEvery(WATCH_MS, recoverRuns, 'looking for runs without a process failed')
  shared.sweeping = repeatEvery(SWEEP_MS, sweep, 'removing old logs of runs failed')
}

async function sweep(): Promise<void> {
  while ((await sweepRunEvents()).more);
}

/** Runs `work` now and then every `ms`, never twice at once. A repeated failure is logged once. */
function repeatEvery(ms: number, work: () => Promise<unknown>, complaint: string): NodeJS.Timeout {
  let busy = false
  let failed = false
  const turn = async () => {
    if (busy) return
    busy = true
    try {
      await work()
      failed = false
    } catch (error) {
      if (!failed) log.warn({ error }, complaint)
      failed = true
    } finally {
      busy = false
    }
  }
  void turn()
  return setInterval(turn, ms).unref()
}
