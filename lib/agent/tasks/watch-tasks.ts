import { hasOpenTask, listOpenCalls, toCurrentItem } from '#lib/agent/tasks/current-tasks.ts'
import type { NumberedEvent, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import type { AttachedTurn } from '#lib/chatkit/server/deps.ts'
import { listOpenTasks, TASKS_CHANNEL } from '#lib/data/runs/tasks/server-tasks.ts'
import { listen } from '#lib/platform/db/notify.ts'
import { isShuttingDown } from '#lib/platform/process/shutdown.ts'
import { processState } from '#lib/platform/process-state.ts'

/** How often (ms) a thread is looked at, because notifications may be lost. */
const LOOK_MS = 3_000
/** The same while a message waits for its turn, which begins at once as a rule. */
const WAITING_LOOK_MS = 300
const ITEMS = 50

const watched = processState('watched tasks', () => {
  const wakes = new Map<string, Set<() => void>>()
  const wake = (threadId: string) => {
    for (const go of wakes.get(threadId) ?? []) go()
  }
  const stopHearing = listen(TASKS_CHANNEL, { heard: wake, missed: () => [...wakes.keys()].forEach(wake) })
  return { wakes, stopHearing }
})

/**
 * Shows how far the tasks of a thread are, in the lines of their calls, until a run takes them up or
 * begins with a message that waits; then that run's events. Returns true once nothing of this goes on, false if the reader should ask again
 * elsewhere. `attach` resolves to the run that is at work in the thread. The caller must check that
 * the reader may see the thread.
 */
export async function* watchTasks(
  caller: { userId: string },
  store: Store,
  threadId: string,
  attach: () => Promise<AttachedTurn | null>,
): AsyncGenerator<NumberedEvent, boolean> {
  const news = subscribe(threadId)
  const shown = new Map<string, string>()
  try {
    while (!isShuttingDown()) {
      const running = await attach()
      if (running) return yield* running.events
      const next = (await store.waiting?.list(threadId))?.[0]
      const waits = next !== undefined && !next.is_held
      if (!waits && (await listOpenTasks(caller, threadId)).length === 0) return true
      const page = await store.listItems(threadId, { limit: ITEMS, order: 'desc' })
      const open = await listOpenTasks(caller, threadId, page.data.flatMap(listOpenCalls))
      for (const item of page.data) {
        if (!hasOpenTask(item)) continue
        const event: ThreadStreamEvent = { type: 'thread.item.replaced', item: toCurrentItem(item, open) }
        const text = JSON.stringify(event)
        if (shown.get(item.id) === text) continue
        shown.set(item.id, text)
        yield { event }
      }
      await news.next(waits && next.note === undefined ? WAITING_LOOK_MS : LOOK_MS)
    }
    return false
  } finally {
    news.close()
  }
}

function subscribe(threadId: string): { next(ms: number): Promise<void>; close(): void } {
  const { wakes } = watched()
  let arrival = Promise.withResolvers<void>()
  const wake = () => arrival.resolve()
  const own = wakes.get(threadId) ?? new Set()
  wakes.set(threadId, own.add(wake))
  return {
    /** Resolves when there was news since the last time, or after a while. */
    async next(ms: number) {
      const timer = setTimeout(wake, ms)
      await arrival.promise
      clearTimeout(timer)
      arrival = Promise.withResolvers<void>()
    },
    close() {
      own.delete(wake)
      if (own.size === 0 && wakes.get(threadId) === own) wakes.delete(threadId)
    },
  }
}
