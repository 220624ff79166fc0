import { setTimeout as sleep } from 'node:timers/promises'
import { isListening } from '#lib/platform/db/notify.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { isShuttingDown } from '#lib/platform/process/shutdown.ts'

/** If LISTEN is not available, a watcher gets a hint this often (ms). */
const BLIND_MS = 5_000
/**
 * A watch ends after this time (ms). A page that is still open asks again and is authenticated
 * again.
 */
const WATCH_MS = 600_000

/** One reader who waits for changes. `tell` says that something changed. */
export class Watcher {
  isChanged = false
  #wake: () => void = () => {}

  tell(): void {
    this.isChanged = true
    this.#wake()
  }

  /** Has the watch look whether it is over. */
  wake(): void {
    this.#wake()
  }

  /** Resolves when the watcher is woken, or after `ms`. */
  async wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    await withDeadline(promise, ms, () => undefined)
  }
}

export type Hint = { event: { type: 'changed' } }

/**
 * Yields a hint each time that the watcher was told of a change, at most one in `everyMs`. Ends after
 * ten minutes, with `signal`, or at shutdown, and then calls `leave`.
 */
export async function* watchHints(
  watcher: Watcher,
  { signal, everyMs, leave }: { signal: AbortSignal; everyMs: number; leave: () => void },
): AsyncGenerator<Hint, boolean> {
  const until = Date.now() + WATCH_MS
  const over = () => signal.aborted || isShuttingDown() || Date.now() >= until
  const wake = () => watcher.wake()
  signal.addEventListener('abort', wake)
  try {
    while (!over()) {
      const listening = await isListening()
      if (!watcher.isChanged && !over()) await watcher.wait(listening ? until - Date.now() : BLIND_MS)
      if (over()) break
      if (watcher.isChanged || !listening) yield { event: { type: 'changed' } }
      watcher.isChanged = false
      await sleep(everyMs, undefined, { ref: false })
    }
    return true
  } finally {
    signal.removeEventListener('abort', wake)
    leave()
  }
}
