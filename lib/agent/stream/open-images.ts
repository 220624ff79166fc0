import { type ItemContext, makeItem } from '#lib/agent/stream/item-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { GeneratedImageItem } from '#lib/chatkit/protocol/items.ts'

type Events = Generator<ThreadStreamEvent, void>

/** How generated images are shown. */
export type ImageOptions = {
  /**
   * How many previews of an image the model was asked for. If this is unknown, previews do not
   * count as progress.
   */
  partialImages?: number
  /**
   * Returns the address of an image that came as base64; a data URL by default. `partial` is the
   * number of a preview.
   */
  imageUrl?: (imageId: string, base64: string, partial?: number) => string
}

/** The images that the model is drawing, by its own key. There may be several at once. */
export class OpenImages {
  readonly #context: ItemContext
  readonly #options: ImageOptions
  readonly #open = new Map<string, GeneratedImageItem>()

  constructor(context: ItemContext, options: ImageOptions = {}) {
    this.#context = context
    this.#options = options
  }

  *start(key: string): Events {
    const item: GeneratedImageItem = { ...makeItem(this.#context, 'message'), type: 'generated_image' }
    this.#open.set(key, item)
    yield { type: 'thread.item.added', item }
  }

  *update(key: string, base64: string, partial = 0): Events {
    const item = this.#open.get(key)
    if (!item) return
    const { partialImages } = this.#options
    const image = { id: key, url: this.#url(key, base64, partial) }
    const progress = partialImages ? Math.min(1, partial / partialImages) : 0
    yield {
      type: 'thread.item.updated',
      item_id: item.id,
      update: { type: 'generated_image.updated', image, progress },
    }
  }

  *end(key: string, base64: string | null | undefined): Events {
    if (!base64) return
    if (!this.#open.has(key)) yield* this.start(key)
    const item = this.#open.get(key)
    if (!item) return
    this.#open.delete(key)
    const image = { id: key, url: this.#url(key, base64) }
    yield { type: 'thread.item.done', item: { ...item, created_at: this.#context.now().toISOString(), image } }
  }

  /** Removes the images that are not finished when the turn ends. */
  *interrupt(): Events {
    for (const item of this.#open.values()) yield { type: 'thread.item.removed', item_id: item.id }
    this.#open.clear()
  }

  #url(key: string, base64: string, partial?: number): string {
    return this.#options.imageUrl?.(key, base64, partial) ?? `data:image/png;base64,${base64}`
  }
}
