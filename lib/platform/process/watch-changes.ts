import { setTimeout as sleep } from 'node:timers/promises'
import { isListening, listen, notify } from '#lib/platform/db/notify.ts'
import { AppError } from '#lib/platform/errors.ts'
import { isShuttingDown, onShutdown } from '#lib/platform/process/shutdown.ts'
import { processState } from '#lib/platform/process-state.ts'

const CHANNEL = 'switchboard_changes'
/** At most one message goes out, and one hint to a watcher, in this time (ms). */
const EVERY_MS = 1_000
/** Where nothing is heard, a watcher gets a hint this often (ms). */
const BLIND_MS = 5_000
/** A watcher is let go after this time (ms): who still looks asks again, and is asked who they are. */
const WATCH_MS = 600_000
const WATCHERS_MAX = 50

type Watcher = { changed: boolean; wake: () => void }
type State = { watchers: Set<Watcher>; telling?: NodeJS.Timeout; stopHearing?: () => void }
type Hint = { event: { type: 'changed' } }

const state = processState('changes', (): State => ({ watchers: new Set() }))

/** Lets whoever watches, on any replica, know within a second that the ledger or a run has changed. Costs one message a second at most. */
export function noteChange(): void {
  const own = state()
  own.telling ??= setTimeout(() => {
    own.telling = undefined
    void notify(CHANNEL, [''])
  }, EVERY_MS).unref()
}

/**
 * A hint for each time that something changed, one a second at most; nothing of what changed. Ends after ten minutes, with
 * `signal`, and with the process. Throws limited where 50 watch this process already.
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
  onShutdown('watchers', async () => tellWatchers())
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
  const timer = setTimeout(resolve, ms).unref()
  watcher.wake = resolve
  await promise
  clearTimeout(timer)
}

function tellWatchers(): void {
  for (const watcher of state().watchers) {
    watcher.changed = true
    watcher.wake()
  }
}
