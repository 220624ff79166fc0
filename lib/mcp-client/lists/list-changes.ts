import { createHash } from 'node:crypto'
import { listen, notify } from '#lib/platform/db/notify.ts'
import { newId } from '#lib/platform/ids.ts'
import { registerShutdownHook } from '#lib/platform/process/shutdown.ts'
import { type Hint, Watcher, watchHints } from '#lib/platform/process/watch-hints.ts'
import { processState } from '#lib/platform/process-state.ts'

const CHANNEL = 'switchboard_lists'
/** The shortest interval (ms) between two messages to other replicas, and two hints to a watcher. */
const TELL_MS = 1_000
const HINT_MS = 2_000
/** How many changes wait to be told. What is over is learned when a list expires. */
const WAITING_MAX = 500

type State = {
  /** Tells this process's own messages from others'. */
  origin: string
  watchers: Map<string, Set<Watcher>>
  /** Expires the list with this hash, in each memory of lists. */
  expirers: Map<string, (hash: string) => void>
  waiting: Set<string>
  telling?: NodeJS.Timeout
  stopHearing?: () => void
}

const state = processState(
  'list changes',
  (): State => ({ origin: newId('org'), watchers: new Map(), expirers: new Map(), waiting: new Set() }),
)

/** The name of a person's list of a server among replicas, which says nothing of either. */
export function hashList(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}

/**
 * Tells the pages that show a person's servers, on every replica, that something of them changed.
 * With `hash`, a server announced it, and other replicas expire that list too.
 */
export function noteListChange(userId: string, hash = ''): void {
  const own = hearOthers()
  tellWatchers(userId)
  if (own.waiting.size < WAITING_MAX) own.waiting.add(`${own.origin} ${userId} ${hash}`)
  own.telling ??= setTimeout(() => {
    own.telling = undefined
    const payloads = [...own.waiting]
    own.waiting.clear()
    void notify(CHANNEL, payloads)
  }, TELL_MS).unref()
}

/** Has a memory of lists hear which of them servers announced to other replicas. */
export function hearExpiredLists(memory: string, expire: (hash: string) => void): void {
  const own = state()
  if (own.expirers.has(memory)) return
  own.expirers.set(memory, expire)
  hearOthers()
}

/**
 * Yields a hint each time that something of a person's servers, tools or switches changed, at most
 * one in two seconds. Ends after ten minutes, with `signal`, or at shutdown.
 */
export function watchListChanges(userId: string, signal: AbortSignal): AsyncGenerator<Hint, boolean> {
  const { watchers } = hearOthers()
  const watcher = new Watcher()
  const own = watchers.get(userId) ?? new Set()
  watchers.set(userId, own.add(watcher))
  registerShutdownHook('list watchers', async () => tellWatchers())
  const leave = () => {
    own.delete(watcher)
    if (own.size === 0 && watchers.get(userId) === own) watchers.delete(userId)
  }
  return watchHints(watcher, { signal, everyMs: HINT_MS, leave })
}

function hearOthers(): State {
  const own = state()
  own.stopHearing ??= listen(CHANNEL, { heard, missed: () => tellWatchers() })
  return own
}

function heard(payload: string): void {
  const { origin, expirers } = state()
  const [from, userId, hash] = payload.split(' ')
  if (from === origin) return
  if (hash) for (const expire of expirers.values()) expire(hash)
  tellWatchers(userId)
}

function tellWatchers(userId?: string): void {
  const { watchers } = state()
  const told = userId === undefined ? [...watchers.values()] : [watchers.get(userId) ?? []]
  for (const own of told) for (const watcher of own) watcher.tell()
}
