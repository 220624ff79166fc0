import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { cancelledNote } from '#lib/chatkit/server/pipeline/cancelled-note.ts'
import { PendingItems } from '#lib/chatkit/server/pipeline/pending-items.ts'

/**
 * Closes a turn whose process died (protocol section 1.9). Items that `events` left open are kept
 * if they have content to show. Returns the `items` to store, the ids to delete (`gone`) and the
 * `closing` events to send. With `failure` the turn was cut off; without it the person had stopped
 * the turn.
 */
export function closeAbandoned(
  events: Iterable<ThreadStreamEvent>,
  { threadId, noteId, failure }: { threadId: string; noteId: string; failure?: string },
): { items: ThreadItem[]; gone: string[]; closing: ThreadStreamEvent[] } {
  const pending = new PendingItems()
  let ended = false
  for (const event of events) {
    pending.toPlace(event)
    pending.note(event)
    ended ||= event.type === 'error'
  }
  const { kept, dropped, placed } = pending.close()
  const gone = dropped.filter((id) => placed.has(id))
  const closing: ThreadStreamEvent[] = [
    ...kept.map((item) => ({ type: 'thread.item.done', item }) as const),
    ...dropped.map((item_id) => ({ type: 'thread.item.removed', item_id }) as const),
  ]
  if (failure !== undefined) {
    if (!ended) closing.push({ type: 'error', code: 'custom', message: failure, allow_retry: true })
    return { items: kept, gone, closing }
  }
  return { items: [...kept, cancelledNote(threadId, noteId)], gone, closing }
}
