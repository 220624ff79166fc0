import { applyUpdate } from '#lib/chatkit/protocol/apply-update.ts'
import type { ItemUpdated, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Task, ThreadItem, TurnOutcome, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import type { WireThread } from '#lib/chatkit/protocol/thread.ts'
import { isLocal, makeLocalId, type ThreadHead, type ThreadView } from '#lib/chatkit-element/state/view.ts'
import { toWholeItem } from '#lib/chatkit-element/state/whole-item.ts'

/**
 * Applies one server event to the view (protocol section 1.5). Pure, total (unknown events change
 * nothing) and idempotent under replay: a run that is read again from its first event ends in the
 * same view and never shows less meanwhile.
 */
export function applyEvent(view: ThreadView, event: ThreadStreamEvent): ThreadView {
  switch (event.type) {
    case 'thread.created':
    case 'thread.updated':
      return {
        ...view,
        thread: headOf(event.thread),
        forks: event.thread.forks ?? view.forks,
        ...(event.thread.waiting && { waiting: event.thread.waiting }),
      }
    case 'thread.item.added':
      return withWhole(event.item, view, addItem)
    case 'thread.item.updated':
      return updateItem(view, event)
    case 'thread.item.done':
    case 'thread.item.replaced':
      return withWhole(event.item, view, settleItem)
    case 'thread.item.removed':
      return { ...closed(view, event.item_id), items: view.items.filter((item) => item.id !== event.item_id) }
    case 'stream_options':
      return { ...withOutcome(view, undefined), allowCancel: event.stream_options.allow_cancel }
    case 'progress_update':
      // An empty text removes the line.
      return { ...view, progress: event.text ? { text: event.text, ...(event.icon && { icon: event.icon }) } : null }
    case 'error':
      return {
        ...withOutcome(view, {
          status: 'failed',
          ...(event.message && { message: event.message }),
          allow_retry: event.allow_retry,
        }),
        progress: null,
        failure: { message: event.message ?? null, retry: event.allow_retry ? 'answer' : null },
      }
    case 'notice':
      return { ...view, notices: [...view.notices, event] }
    default:
      return view
  }
}

/** Sets how the thread's last turn ended; undefined while that is not known. */
export function withOutcome(view: ThreadView, outcome: TurnOutcome | undefined): ThreadView {
  const at = view.items.findLastIndex((item) => item.type === 'user_message')
  const item = view.items[at]
  if (item?.type !== 'user_message' || isLocal(item) || item.outcome === outcome) return view
  const { outcome: _, ...bare } = item
  return { ...view, items: view.items.with(at, { ...bare, ...(outcome && { outcome }) }) }
}

/** A turn begins: removes what the last one reported about itself. */
export function beginTurn(view: ThreadView): ThreadView {
  return { ...view, failure: null, notices: [], progress: null, allowCancel: true }
}

/** The turn has ended in any way: stops every progress indicator. */
export function endTurn(view: ThreadView): ThreadView {
  const items = view.items.map((item) => (view.open.has(item.id) ? atRest(item) : item))
  return { ...view, items, open: new Set(), rebuilding: new Map(), imageProgress: new Map(), progress: null }
}

/** Shows a sent message at the end until the server's own replaces it. */
export function addLocalMessage(view: ThreadView, item: UserMessageItem): ThreadView {
  return { ...view, items: [...dropMessage(view, item.id).items, item] }
}

/** Removes a message that went back to the composer. */
export function dropMessage(view: ThreadView, itemId: string): ThreadView {
  return { ...view, items: view.items.filter(({ id }) => id !== itemId) }
}

/** Removes an item and everything after it, which another message replaces. */
export function dropFrom(view: ThreadView, itemId: string): ThreadView {
  const at = view.items.findIndex((item) => item.id === itemId)
  return at < 0 ? view : { ...view, items: view.items.slice(0, at) }
}

/** Removes a message and what answers it. */
export function dropTurn(view: ThreadView, itemId: string): ThreadView {
  const at = view.items.findIndex((item) => item.id === itemId)
  if (at < 0) return view
  const next = view.items.findIndex((item, index) => index > at && item.type === 'user_message')
  return { ...view, items: view.items.toSpliced(at, (next < 0 ? view.items.length : next) - at) }
}

/**
 * Removes everything after an item; the server does the same when the answer is requested again.
 */
export function dropAfter(view: ThreadView, itemId: string): ThreadView {
  const at = view.items.findIndex((item) => item.id === itemId)
  return at < 0 ? view : { ...view, items: view.items.slice(0, at + 1) }
}

export function headOf({ id, title, status, allowed_image_domains, context_usage, origin }: WireThread): ThreadHead {
  return {
    id,
    status: status ?? { type: 'active' },
    ...(title && { title }),
    ...(allowed_image_domains && { allowed_image_domains }),
    ...(context_usage && { context_usage }),
    ...(origin && { origin }),
  }
}

export function wholeItems(items: readonly ThreadItem[]): ThreadItem[] {
  return items.flatMap((item) => toWholeItem(item) ?? [])
}

function withWhole(
  item: ThreadItem,
  view: ThreadView,
  change: (view: ThreadView, item: ThreadItem) => ThreadView,
): ThreadView {
  const whole = toWholeItem(item)
  return whole ? change(view, whole) : view
}

function addItem(view: ThreadView, item: ThreadItem): ThreadView {
  if (view.items.some(({ id }) => id === item.id))
    return { ...view, rebuilding: new Map(view.rebuilding).set(item.id, item) }
  return { ...view, items: [...view.items, item], open: new Set(view.open).add(item.id) }
}

function updateItem(view: ThreadView, { item_id: id, update }: ItemUpdated): ThreadView {
  const at = view.items.findLastIndex((item) => item.id === id)
  const shown = view.items[at]
  if (!shown) return view
  const rebuilt = view.rebuilding.get(id)
  if (!rebuilt) {
    const items = view.items.with(at, applyUpdate(shown, update))
    if (update.type !== 'generated_image.updated' || update.progress === undefined) return { ...view, items }
    return { ...view, items, imageProgress: new Map(view.imageProgress).set(id, update.progress) }
  }
  const next = applyUpdate(rebuilt, update)
  const caughtUp = view.open.has(id) && extent(next) >= extent(shown)
  const rebuilding = new Map(view.rebuilding)
  if (!caughtUp) return { ...view, rebuilding: rebuilding.set(id, next) }
  rebuilding.delete(id)
  return { ...view, items: view.items.with(at, next), rebuilding }
}

function settleItem(view: ThreadView, item: ThreadItem): ThreadView {
  const known = view.items.findLastIndex(({ id }) => id === item.id)
  const at = known < 0 && item.type === 'user_message' ? localOf(view, item) : known
  const settled = { ...closed(view, item.id), items: at < 0 ? [...view.items, item] : view.items.with(at, item) }
  if (!view.waiting.some(({ message }) => message.id === item.id)) return settled
  return { ...settled, waiting: view.waiting.filter(({ message }) => message.id !== item.id) }
}

/**
 * The index of the local message that the server's `item` confirms. Without a request id it is the
 * last one sent.
 */
function localOf({ items }: ThreadView, { request_id: requestId }: UserMessageItem): number {
  return items.findLastIndex((item) => (requestId === undefined ? isLocal(item) : item.id === makeLocalId(requestId)))
}

function closed(view: ThreadView, id: string): ThreadView {
  if (!view.open.has(id) && !view.rebuilding.has(id)) return view
  const open = new Set(view.open)
  const rebuilding = new Map(view.rebuilding)
  open.delete(id)
  rebuilding.delete(id)
  return { ...view, open, rebuilding }
}

/** How much content an item has; grows only while the item is written. */
function extent(item: ThreadItem): number {
  switch (item.type) {
    case 'assistant_message':
      return item.content.reduce((sum, part) => sum + 1 + part.text.length, 0)
    case 'workflow':
      return JSON.stringify(item.workflow.tasks).length
    case 'widget':
      return JSON.stringify(item.widget).length
    default:
      return 0
  }
}

function atRest(item: ThreadItem): ThreadItem {
  if (item.type !== 'workflow') return item
  const rest = (task: Task): Task =>
    task.status_indicator === 'loading' ? { ...task, status_indicator: 'none' } : task
  return { ...item, workflow: { ...item.workflow, tasks: item.workflow.tasks.map(rest) } }
}
