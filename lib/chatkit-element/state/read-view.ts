import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { Fork, WireThread } from '#lib/chatkit/protocol/thread.ts'
import { headOf, wholeItems } from '#lib/chatkit-element/state/reducer.ts'
import { emptyView, isLocal, type ThreadView } from '#lib/chatkit-element/state/view.ts'

// The view of a thread that was read from the server.

/**
 * The view of a thread as the server stores it, followed by the unsent messages. Replaces the
 * previous view.
 */
export function toLoadedView(
  thread: WireThread,
  items: readonly ThreadItem[],
  unsent: readonly UserMessageItem[] = [],
): ThreadView {
  return {
    ...emptyView,
    thread: headOf(thread),
    items: [...wholeItems(items), ...unsent],
    forks: thread.forks ?? [],
    waiting: thread.waiting ?? [],
  }
}

/**
 * Updates the view with the newest items from the server. Unchanged items keep their identity, and
 * if the new items connect to those that are shown (`joins`), the earlier ones stay. Failure and
 * notices of the last turn stay until the items change; a failure that offered to look again is
 * cleared.
 */
export function toCaughtUpView(
  view: ThreadView,
  thread: WireThread,
  newest: readonly ThreadItem[],
  unsent: readonly UserMessageItem[] = [],
): { view: ThreadView; joins: boolean } {
  const shown = new Map(view.items.map((item) => [item.id, item]))
  const items = wholeItems(newest).map((item) => {
    const before = shown.get(item.id)
    return before && JSON.stringify(before) === JSON.stringify(item) ? before : item
  })
  const at = view.items.findIndex(({ id }) => id === items[0]?.id)
  const earlier = view.items.slice(0, Math.max(0, at))
  const all = [...earlier, ...items, ...unsent.map((item) => shown.get(item.id) ?? item)]
  const isSame = all.map(({ id }) => id).join() === view.items.map(({ id }) => id).join()
  const isOver = !isSame || view.failure?.retry === 'attach' || view.failure?.retry === 'load'
  const forks = toSameForks(view.forks, thread.forks ?? [])
  const unstored = view.waiting.filter(({ message }) => isLocal(message))
  const waiting = [...(thread.waiting ?? []), ...unstored]
  const head = { ...view, thread: headOf(thread), items: all, forks, waiting }
  return { view: { ...head, ...(isOver && { failure: null }), ...(!isSame && { notices: [] }) }, joins: at >= 0 }
}

/** The newest forks, of which those that have not changed keep their identity. */
function toSameForks(before: readonly Fork[], newest: readonly Fork[]): Fork[] {
  const known = new Map(before.map((fork) => [JSON.stringify(fork), fork]))
  return newest.map((fork) => known.get(JSON.stringify(fork)) ?? fork)
}

/** Puts earlier messages before those that are shown. */
export function withEarlierItems(view: ThreadView, earlier: readonly ThreadItem[]): ThreadView {
  const known = new Set(view.items.map(({ id }) => id))
  return { ...view, items: [...wholeItems(earlier).filter((item) => !known.has(item.id)), ...view.items] }
}
