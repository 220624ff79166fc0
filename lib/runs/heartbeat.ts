import { beat, interruptStaleRuns } from '#lib/data/runs.ts'
import { settleAbandonedCalls } from '#lib/data/tool-calls.ts'
import { log, withLogContext } from '#lib/log.ts'
import { activeRuns, registry } from '#lib/runs/registry.ts'

/** How often (ms) this process says which runs it works on. */
const BEAT_MS = 5_000
/** How often (ms) this process looks for runs of processes that died. */
const WATCH_MS = 60_000

/** Sees to it that every active run of this process has a heartbeat. The timer ends itself when there is nothing to do. */
export function keepBeating(): void {
  const shared = registry()
  // The timer outlives the request that started it, whose id must not stand in its log lines.
  shared.beating ??= withLogContext({ request_id: undefined, user_id: undefined }, () => setInterval(beatAll, BEAT_MS).unref())
}

async function beatAll(): Promise<void> {
  const runs = activeRuns()
  if (runs.length === 0) {
    const shared = registry()
    clearInterval(shared.beating)
    shared.beating = undefined
    return
  }
  try {
    // A run that was stopped elsewhere, or taken for dead, must not go on here.
    for (const { id, status } of await beat(runs.map(({ id }) => id))) {
      const run = runs.find((candidate) => candidate.id === id)
      if (status === 'stopped') run?.stop()
      else run?.interrupt('The connection to the database was lost for too long. Try again.')
    }
  } catch (error) {
    log.warn({ error }, 'heartbeat of runs failed')
  }
}

/** Looks for runs whose process died, now and each minute; to be called once when the server starts. */
export function watchForDeadRuns(): void {
  const shared = registry()
  const look = () => void recoverRuns().catch((error) => log.warn({ error }, 'looking for runs without a process failed'))
  if (!shared.watching) look()
  shared.watching ??= setInterval(look, WATCH_MS).unref()
}

/** Marks runs whose process died as interrupted, and settles the tool calls that ended runs left pending. Resolves to the number of runs. */
export async function recoverRuns(): Promise<number> {
  const count = await interruptStaleRuns()
  const calls = await settleAbandonedCalls()
  if (calls > 0) log.warn({ count: calls }, 'tool calls whose outcome nobody knows were settled as unknown')
  if (count > 0) log.warn({ count }, 'runs without a process were marked as interrupted')
  return count
}
