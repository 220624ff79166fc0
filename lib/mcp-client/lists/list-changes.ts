import { createHash } from 'node:crypto'
import { PersonHints } from '#lib/platform/process/person-hints.ts'
import type { Hint } from '#lib/platform/process/watch-hints.ts'
import { processState } from '#lib/platform/process-state.ts'

/** The shortest interval (ms) between two hints to a watcher. */
const HINT_MS = 2_000

/** Expires the list with this hash, in each memory of lists. */
const expirers = processState('list expirers', () => new Map<string, (hash: string) => void>())
const hints = processState(
  'list changes',
  () =>
    new PersonHints('switchboard_lists', HINT_MS, (hash) => {
      for (const expire of expirers().values()) expire(hash)
    }),
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
  hints().note(userId, hash)
}

/** Has a memory of lists hear which of them servers announced to other replicas. */
export function hearExpiredLists(memory: string, expire: (hash: string) => void): void {
  if (expirers().has(memory)) return
  expirers().set(memory, expire)
  hints().hearOthers()
}

/**
 * Yields a hint each time that something of a person's servers, tools or switches changed, at most
 * one in two seconds. Ends after ten minutes, with `signal`, or at shutdown.
 */
export function watchListChanges(userId: string, signal: AbortSignal): AsyncGenerator<Hint, boolean> {
  return hints().watch(userId, signal)
}
