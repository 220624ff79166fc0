import { type ItemContext, newItem } from '#lib/agent/item-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { GeneratedImageItem } from '#lib/chatkit/protocol/items.ts'

type Events = Generator<ThreadStreamEvent, void>

/** The images that a model draws just now, by its own key; several at once. */
export class OpenImages {
  readonly #context: ItemContext
  readonly #open = new Map<string, GeneratedImageItem>()

  constructor(context: ItemContext) {
    this.#context = context
  }

  *start(key: string): Events {
    const item: GeneratedImageItem = { ...newItem(this.#context, 'message'), type: 'generated_image' }
    this.#open.set(key, item)
    yield { type: 'thread.item.added', item }
  }

  *update(key: string, base64: string): Events {
    const item = this.#open.get(key)
    if (!item) return
    yield {
      type: 'thread.item.updated',
      item_id: item.id,
      update: { type: 'generated_image.updated', image: imageOf(key, base64), progress: 0 },
    }
  }

  *end(key: string, base64: string | null | undefined): Events {
    const item = this.#open.get(key)
    if (!item || !base64) return
    this.#open.delete(key)
    yield { type: 'thread.item.done', item: { ...item, created_at: this.#context.now().toISOString(), image: imageOf(key, base64) } }
  }

  /** What is not finished at the end of the turn goes. */
  *interrupt(): Events {
    for (const item of this.#open.values()) yield { type: 'thread.item.removed', item_id: item.id }
    this.#open.clear()
  }
}

function imageOf(id: string, base64: string) {
  return { id, url: `data:image/png;base64,${base64}` }
}
