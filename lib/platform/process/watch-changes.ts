import { listen, notify } from '#lib/platform/db/notify.ts'
import { AppError } from '#lib/platform/errors.ts'
import { registerShutdownHook } from '#lib/platform/process/shutdown.ts'
import { type Hint, Watcher, watchHints } from '#lib/platform/process/watch-hints.ts'
import { processState } from '#lib/platform/process-state.ts'

const CHANNEL = 'switchboard_changes'
/** The shortest interval (ms) between two messages, and between two hints to a watcher. */
const EVERY_MS = 1_000
const WATCHERS_MAX = 50

type State = { watchers: Set<Watcher>; telling?: NodeJS.Timeout; stopHearing?: () => void }

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
  const watcher = new Watcher()
  own.watchers.add(watcher)
  own.stopHearing ??= listen(CHANNEL, { heard: tellWatchers, missed: tellWatchers })
  registerShutdownHook('watchers', async () => tellWatchers())
  return watchHints(watcher, { signal, everyMs: EVERY_MS, leave: () => state().watchers.delete(watcher) })
}

function tellWatchers(): void {
  for (const watcher of state().watchers) watcher.tell()
}
