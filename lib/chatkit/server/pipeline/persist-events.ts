import type { ErrorEvent, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { isHidden } from '#lib/chatkit/protocol/items.ts'
import { toErrorEvent } from '#lib/chatkit/server/error-event.ts'
import { toWireEvent } from '#lib/chatkit/server/operations/wire.ts'
import { PendingItems } from '#lib/chatkit/server/pipeline/pending-items.ts'
import { ThreadChanges } from '#lib/chatkit/server/pipeline/thread-changes.ts'
import { untilAborted } from '#lib/chatkit/server/pipeline/until-aborted.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import { AppError } from '#lib/platform/errors.ts'

/** How long (ms) an aborted turn may take to close its open items. */
const CANCEL_GRACE_MS = 1_000

/** Tells the model in the next turn why its last answer is incomplete. */
export const CANCELLED_NOTE = 'The user cancelled the stream. Stop responding to the prior request.'

type Piped = Omit<Turn, 'input'> & {
  /** Called once if the turn fails, with the error event that the client gets. */
  onFailure: (error: unknown, told: ErrorEvent) => void
}

/**
 * The only path from a turn's events to the client (protocol sections 1.6 and 1.9). It stores the
 * effect of each event, holds back hidden items, yields the rest, and saves and announces changes
 * of `thread`. Never throws: a failure is the last event. Items that are still open at the end are
 * kept if they have content to show.
 *
 * `signal` ends the turn early. An AppError as its reason means a failure with that message; any
 * other reason means that the person stopped the turn.
 */
export async function* persistEvents(
  turn: Piped,
  source: AsyncIterable<ThreadStreamEvent>,
): AsyncGenerator<ThreadStreamEvent> {
  const { thread, store, signal } = turn
  const pending = new PendingItems()
  const changes = new ThreadChanges(thread, store)
  const hidden = new Set<string>()
  let open = true
  try {
    for await (const raw of untilAborted(source, signal, CANCEL_GRACE_MS)) {
      if (signal.aborted && !isClosing(raw, pending)) continue
      const event = toWireEvent(raw)
      for (const item of pending.toPlace(event)) await store.addItem(thread.id, item)
      pending.note(event)
      await storeEffect(turn, event, hidden)
      const told = toClientEvent(event, hidden)
      if (told) yield told
      const change = await changes.save()
      if (change) yield change
    }
    open = false
    if (signal.aborted) throw signal.reason
    yield* closeItems(turn, pending, hidden)
    const change = await changes.save()
    if (change) yield change
  } catch (error) {
    open = false
    // An aborted source may throw anything; the cause is the abort.
    const cause = signal.aborted ? signal.reason : error
    yield* endEarly(
      turn,
      signal.aborted && !(cause instanceof AppError) ? 'cancelled' : { error: cause },
      pending,
      hidden,
      changes,
    )
  } finally {
    // The consumer called return(). Nobody reads further events, but the answer so far is kept.
    if (open) for await (const _ of endEarly(turn, 'cancelled', pending, hidden, changes));
  }
}

async function* endEarly(
  turn: Piped,
  cause: 'cancelled' | { error: unknown },
  pending: PendingItems,
  hidden: Set<string>,
  changes: ThreadChanges,
): AsyncGenerator<ThreadStreamEvent> {
  const { thread, store } = turn
  let failure = cause === 'cancelled' ? undefined : cause
  try {
    yield* closeItems(turn, pending, hidden)
    if (cause === 'cancelled') await store.addItem(thread.id, cancelledNote(turn))
  } catch (error) {
    failure ??= { error }
  }
  if (failure) {
    const told = toErrorEvent(failure.error)
    turn.onFailure(failure.error, told)
    yield told
  }
  try {
    const change = await changes.save()
    if (change) yield change
  } catch (error) {
    if (!failure) turn.onFailure(error, toErrorEvent(error))
  }
}

/** Closes every open item: keeps it if it has content to show, otherwise removes it. */
async function* closeItems(
  { thread, store }: Piped,
  pending: PendingItems,
  hidden: Set<string>,
): AsyncGenerator<ThreadStreamEvent> {
  const { kept, dropped, stored } = pending.close()
  for (const item of kept) {
    await store.addItem(thread.id, item)
    if (!isHidden(item)) yield { type: 'thread.item.done', item }
  }
  for (const id of stored) await store.deleteItem(thread.id, id)
  for (const item_id of dropped) if (!hidden.has(item_id)) yield { type: 'thread.item.removed', item_id }
}

function cancelledNote({ thread, store }: Piped) {
  const id = store.newItemId('sdk_hidden_context')
  return {
    id,
    thread_id: thread.id,
    created_at: new Date().toISOString(),
    type: 'sdk_hidden_context' as const,
    content: CANCELLED_NOTE,
  }
}

async function storeEffect(
  { thread, store }: Piped,
  event: ThreadStreamEvent,
  hidden: ReadonlySet<string>,
): Promise<void> {
  switch (event.type) {
    case 'thread.item.done':
      return store.addItem(thread.id, event.item)
    case 'thread.item.replaced':
      // The client has never seen this item: for the client it is new, so it moves to the end.
      if (hidden.has(event.item.id) && !isHidden(event.item)) await store.deleteItem(thread.id, event.item.id)
      return store.saveItem(thread.id, event.item)
    case 'thread.item.removed':
      return store.deleteItem(thread.id, event.item_id)
  }
}

/**
 * The event for the client: undefined for hidden items, and a removal if a hidden item replaces a
 * visible one.
 */
function toClientEvent(event: ThreadStreamEvent, hidden: Set<string>): ThreadStreamEvent | undefined {
  if (!('item' in event)) return 'item_id' in event && hidden.has(event.item_id) ? undefined : event
  const { id } = event.item
  if (!isHidden(event.item)) {
    hidden.delete(id)
    return event
  }
  const wasShown = event.type === 'thread.item.replaced' && !hidden.has(id)
  hidden.add(id)
  return wasShown ? { type: 'thread.item.removed', item_id: id } : undefined
}

/** True for the events that still count after an abort: those that close open items. */
function isClosing(event: ThreadStreamEvent, pending: PendingItems): boolean {
  switch (event.type) {
    case 'thread.item.removed':
    case 'thread.item.replaced':
      return true
    case 'thread.item.done':
      return isHidden(event.item) || pending.has(event.item.id)
    default:
      return false
  }
}
