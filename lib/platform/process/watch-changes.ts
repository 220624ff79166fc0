import { setTimeout as sleep } from 'node:timers/promises'
import { isListening, listen, notify } from '#lib/platform/db/notify.ts'
import { withDeadline } from '#lib/platform/deadline.ts'
import { AppError } from '#lib/platform/errors.ts'
import { isShuttingDown, registerShutdownHook } from '#lib/platform/process/shutdown.ts'
import { processState } from '#lib/platform/process-state.ts'

const CHANNEL = 'switchboard_changes'
/** The shortest interval (ms) between two messages, and between two hints to a watcher. */
const EVERY_MS = 1_000
/** If LISTEN is not available, a watcher gets a hint this often (ms). */
const BLIND_MS = 5_000
/**
 * A watch ends after this time (ms). A page that is still open asks again and is authenticated
 * again.
 */
const WATCH_MS = 600_000
const WATCHERS_MAX = 50

type Watcher = { changed: boolean; wake: () => void }
type State = { watchers: Set<Watcher>; telling?: NodeJS.Timeout; stopHearing?: () => void }
type Hint = { event: { type: 'changed' } }

const state = processState('changes', (): State => ({ watchers: new Set() }))

/**
 * Notifies watchers on every replica, within about a second, that the ledger or a run has changed.
 * Sends at most one message a second.
 */
export function noteChange(): void {
  const own = state()
  own.telling ??= setTimeout(() => {
    own.telling = undefined
    void notify(CHANNEL, [''])
  }, EVERY_MS).unref()
}

/**
 * Yields a hint each time that something changed, at most one a second, without saying what
 * changed. Ends after ten minutes, with `signal`, or at shutdown. Throws limited if 50 watchers
 * follow this process already.
 */
export function watchChanges(signal: AbortSignal): AsyncGenerator<Hint, boolean> {
  const own = state()
  if (own.watchers.size >= WATCHERS_MAX)
    throw new AppError('limited', 'Too many pages follow the ledger already. Load this one again to see what is new.', {
      retryAfter: 30,
    })
  const watcher: Watcher = { changed: false, wake: () => {} }
  own.watchers.add(watcher)
  own.stopHearing ??= listen(CHANNEL, { heard: tellWatchers, missed: tellWatchers })
  registerShutdownHook('watchers', async () => tellWatchers())
  return watch(watcher, signal)
}

async function* watch(watcher: Watcher, signal: AbortSignal): AsyncGenerator<Hint, boolean> {
  const until = Date.now() + WATCH_MS
  const over = () => signal.aborted || isShuttingDown() || Date.now() >= until
  const leave = () => watcher.wake()
  signal.addEventListener('abort', leave)
  try {
    while (!over()) {
      const listening = await isListening()
      if (!watcher.changed && !over()) await woken(watcher, listening ? until - Date.now() : BLIND_MS)
      if (over()) break
      if (watcher.changed || !listening) yield { event: { type: 'changed' } }
      watcher.changed = false
      await sleep(EVERY_MS, undefined, { ref: false })
    }
    return true
  } finally {
    signal.removeEventListener('abort', leave)
    state().watchers.delete(watcher)
  }
}

async function woken(watcher: Watcher, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  watcher.wake = resolve
  await withDeadline(promise, ms, () => undefined)
}

function tellWatchers(): void {
  for (const watcher of state().watchers) {
    watcher.changed = true
    watcher.wake()
  }
}
