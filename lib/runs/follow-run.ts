import { setTimeout as sleep } from 'node:timers/promises'
import type { NumberedEvent } from '#lib/chatkit/protocol/events.ts'
import { PAGE_ROWS, type Place, type RunProgress, readRunEvents } from '#lib/data/runs/run-events.ts'
import { isActive, STALE_MS } from '#lib/data/runs/runs.ts'
import { isDatabaseDown } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'
import { isShuttingDown } from '#lib/platform/process/shutdown.ts'
import { isListeningForRuns, listenForRuns, subscribeToNews } from '#lib/runs/channel.ts'
import { sliceAfter } from '#lib/runs/pack-events.ts'
import { recoverRuns } from '#lib/runs/recover-runs.ts'

/** How often (ms) a reader polls: `told` if news is pushed to this process, `alone` if not. */
const LOOK_MS = { told: 2_000, alone: 300 }
/** How long (ms) a reader waits for a database that is down. */
const DATABASE_MS = 60_000
const RETRY_MS = 500
/** Reads that start within this time (ms) share one query. */
const GATHER_MS = 10

type Found = Awaited<ReturnType<typeof readRunEvents>>[number]
type Wish = { place: Place; found: (found: Found) => void; failed: (error: unknown) => void }

/**
 * Yields the events of any process's run after number `after`, then new ones, from the database.
 * Returns true at the end of the log. Returns false if the reader should look elsewhere: this
 * process is shutting down, the database stays down, or no events are kept. Never throws. The
 * caller must check that the reader may see the run.
 */
export async function* followRun(runId: string, after: number): AsyncGenerator<NumberedEvent, boolean> {
  listenForRuns()
  // Subscribed before the first read, so that events in between are not missed.
  const news = subscribeToNews(runId)
  let at = after
  let deadline = Date.now() + DATABASE_MS
  try {
    while (!isShuttingDown()) {
      const hears = await isListeningForRuns()
      const found = await readOnce({ runId, after: at })
      if (found === 'later') {
        if (Date.now() > deadline) return false
        await sleep(RETRY_MS)
        continue
      }
      deadline = Date.now() + DATABASE_MS
      for (const row of found?.rows ?? []) {
        const rest = sliceAfter(row, at)
        if (!rest) continue
        at = rest.seq
        yield rest
      }
      if (!found || found.progress.lastSeq === 0) return false
      if (found.rows.length >= PAGE_ROWS) continue
      if (found.progress.lastSeq !== null) return true
      if (isLost(found.progress))
        await recoverRuns().catch((error) => log.warn({ error }, 'a run without a process could not be closed'))
      await news.next(hears ? LOOK_MS.told : LOOK_MS.alone)
    }
    return false
  } finally {
    news.close()
  }
}

/** True if no process writes to this run any more. The first reader to notice closes it. */
function isLost({ stale, status }: RunProgress): boolean {
  return stale && status !== 'waiting' && (isActive(status) || status === 'interrupted' || status === 'stopped')
}

async function readOnce(place: Place): Promise<Found | 'later'> {
  try {
    return await joinRead(place)
  } catch (error) {
    if (!isDatabaseDown(error)) log.error({ error, run_id: place.runId }, 'a run could not be read')
    return 'later'
  }
}

// Three hundred readers share one query: reads that arrive during a query are gathered for the
// next.
const wishes: Wish[] = []
let reading = false

function joinRead(place: Place): Promise<Found> {
  const { promise, resolve, reject } = Promise.withResolvers<Found>()
  wishes.push({ place, found: resolve, failed: reject })
  if (!reading) void readAll()
  return promise
}

async function readAll(): Promise<void> {
  reading = true
  while (wishes.length > 0) {
    await sleep(GATHER_MS)
    const now = wishes.splice(0, 200)
    try {
      const found = await readRunEvents(
        now.map(({ place }) => place),
        STALE_MS,
      )
      for (const [index, wish] of now.entries()) wish.found(found[index] ?? null)
    } catch (error) {
      for (const { failed } of now) failed(error)
    }
  }
  reading = false
}
