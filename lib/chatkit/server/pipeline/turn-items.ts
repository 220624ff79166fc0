import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { isHidden } from '#lib/chatkit/protocol/items.ts'
import type { Store } from '#lib/chatkit/protocol/store.ts'
import { PendingItems } from '#lib/chatkit/server/pipeline/pending-items.ts'
import { toAppError } from '#lib/platform/errors.ts'

type Effect = Extract<ThreadStreamEvent, { type: 'thread.item.done' | 'thread.item.replaced' | 'thread.item.removed' }>

/** The items of one turn: which are stored, which are still open, and which the client may see. */
export class TurnItems {
  readonly #threadId: string
  readonly #store: Store
  readonly #pending = new PendingItems()
  /** The ids of items that the client has never seen. */
  readonly #hidden = new Set<string>()

  constructor({ threadId, store }: { threadId: string; store: Store }) {
    this.#threadId = threadId
    this.#store = store
  }

  /**
   * Stores the effect of an event. Returns undefined if it has none, as for a delta. If the store
   * refuses, the item counts as open.
   */
  store(event: ThreadStreamEvent): Promise<void> | undefined {
    if (hasEffect(event)) return this.#storeEffect(event)
    this.#pending.note(event)
    return undefined
  }

  /**
   * The event for the client: undefined for hidden items, and a removal if a hidden item replaces a
   * visible one.
   */
  toClientEvent(event: ThreadStreamEvent): ThreadStreamEvent | undefined {
    const hidden = this.#hidden
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
  isClosing(event: ThreadStreamEvent): boolean {
    switch (event.type) {
      case 'thread.item.removed':
      case 'thread.item.replaced':
        return true
      case 'thread.item.done':
        return isHidden(event.item) || this.#pending.has(event.item.id)
      default:
        return false
    }
  }

  /**
   * Ends every open item: it is kept if it has content to show, otherwise removed. An item that the
   * store refuses is removed as well, and does not stop the others. Throws the first refusal after
   * the last item.
   */
  async *close(): AsyncGenerator<ThreadStreamEvent> {
    const { kept, dropped, placed } = this.#pending.close()
    const refusals: unknown[] = []
    const attempt = async (write: () => Promise<void>) => {
      // A store that cannot be reached is not asked again: each write may wait long for it.
      if (refusals.some((error) => toAppError(error).code === 'unavailable')) return false
      try {
        await write()
        return true
      } catch (error) {
        refusals.push(error)
        return false
      }
    }
    for (const item of kept) {
      if (await attempt(() => this.#store.addItem(this.#threadId, item))) yield { type: 'thread.item.done', item }
      else dropped.push(item.id)
    }
    for (const item_id of dropped) {
      if (placed.has(item_id)) await attempt(() => this.#store.deleteItem(this.#threadId, item_id))
      if (!this.#hidden.has(item_id)) yield { type: 'thread.item.removed', item_id }
    }
    if (refusals.length > 0) throw refusals[0]
  }

  async #storeEffect(event: Effect): Promise<void> {
    const [store, threadId] = [this.#store, this.#threadId]
    for (const item of this.#pending.toPlace(event)) await store.addItem(threadId, item)
    if (event.type === 'thread.item.removed') await store.deleteItem(threadId, event.item_id)
    else if (event.type === 'thread.item.done') await store.addItem(threadId, event.item)
    else {
      // The client has never seen this item: for the client it is new, so it moves to the end.
      if (this.#hidden.has(event.item.id) && !isHidden(event.item)) await store.deleteItem(threadId, event.item.id)
      await store.saveItem(threadId, event.item)
    }
    this.#pending.note(event)
  }
}

function hasEffect(event: ThreadStreamEvent): event is Effect {
  return (
    event.type === 'thread.item.done' || event.type === 'thread.item.replaced' || event.type === 'thread.item.removed'
  )
}
