import type { NumberedEvent } from '#lib/chatkit/protocol/events.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { toWireItem, toWireThread } from '#lib/chatkit/server/operations/wire.ts'

const ITEMS = 50

/**
 * The stored thread as events (its newest 50 items), for a repeated request whose own events are no
 * longer kept. Throws not_found.
 */
export async function replayStored(store: Store, threadId: string): Promise<AsyncGenerator<NumberedEvent, boolean>> {
  const thread = await store.loadThread(threadId)
  const { data } = await store.listItems(threadId, { limit: ITEMS, order: 'desc', visible: true })
  return (async function* () {
    yield { event: { type: 'thread.created', thread: toWireThread(thread) } } as const
    for (const item of data.reverse()) yield { event: { type: 'thread.item.done', item: toWireItem(item) } } as const
    return true
  })()
}
