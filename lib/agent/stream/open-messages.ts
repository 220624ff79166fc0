import { type ItemContext, makeItem } from '#lib/agent/stream/item-context.ts'
import { toAnnotation } from '#lib/agent/stream/to-annotation.ts'
import type { AssistantMessageUpdate, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { AssistantContent, AssistantMessageItem } from '#lib/chatkit/protocol/items.ts'

type Events = Generator<ThreadStreamEvent, void>

/** A part of a message as models send it, in the forms of both APIs. */
export type RawPart = {
  type?: string
  text?: string
  refusal?: string
  annotations?: unknown[]
  providerData?: { annotations?: unknown[] }
}

/**
 * The assistant messages that are streaming, by the model's own key. Each gets an id from us,
 * because some models give every message the same id, and one message would overwrite another.
 */
export class OpenMessages {
  readonly #context: ItemContext
  readonly #annotate: typeof toAnnotation
  readonly #open = new Map<string, AssistantMessageItem>()

  constructor(context: ItemContext, annotate = toAnnotation) {
    this.#context = context
    this.#annotate = annotate
  }

  has(key: string): boolean {
    return this.#open.has(key)
  }

  hasPart(key: string, index: number): boolean {
    return this.#open.get(key)?.content[index] !== undefined
  }

  *start(key: string): Events {
    const item: AssistantMessageItem = { ...makeItem(this.#context, 'message'), type: 'assistant_message', content: [] }
    this.#open.set(key, item)
    yield { type: 'thread.item.added', item: structuredClone(item) }
  }

  *addPart(key: string, index: number, part: RawPart): Events {
    const item = this.#open.get(key)
    if (!item) return
    item.content[index] = this.#content(part, [])
    yield updated(item, {
      type: 'assistant_message.content_part.added',
      content_index: index,
      content: this.#content(part, []),
    })
  }

  *addText(key: string, index: number, delta: string): Events {
    const item = this.#open.get(key)
    if (!item || delta === '') return
    if (!item.content[index]) yield* this.addPart(key, index, {})
    const part = item.content[index]
    if (part) part.text += delta
    yield updated(item, { type: 'assistant_message.content_part.text_delta', content_index: index, delta })
  }

  *addAnnotation(key: string, index: number, raw: unknown): Events {
    const item = this.#open.get(key)
    const part = item?.content[index]
    const annotation = this.#annotate(raw)
    if (!item || !part || !annotation) return
    const annotation_index = part.annotations.push(annotation) - 1
    yield updated(item, {
      type: 'assistant_message.content_part.annotation_added',
      content_index: index,
      annotation_index,
      annotation,
    })
  }

  *endPart(key: string, index: number, text: string): Events {
    const item = this.#open.get(key)
    if (!item) return
    const content: AssistantContent = { type: 'output_text', text, annotations: [] }
    yield updated(item, { type: 'assistant_message.content_part.done', content_index: index, content })
  }

  /**
   * Closes a message with the content that the model gives as final. A message without text is
   * removed.
   */
  *end(key: string, parts: RawPart[]): Events {
    const item = this.#open.get(key)
    if (!item) return
    this.#open.delete(key)
    const content = parts.map((part) => this.#content(part, part.annotations ?? part.providerData?.annotations ?? []))
    if (content.every(({ text }) => text.trim() === '')) return yield { type: 'thread.item.removed', item_id: item.id }
    yield { type: 'thread.item.done', item: { ...item, created_at: this.#context.now().toISOString(), content } }
  }

  /** Removes a message that turned out to be a thought. */
  *retract(key: string): Events {
    const item = this.#open.get(key)
    if (item) yield { type: 'thread.item.removed', item_id: item.id }
    this.#open.delete(key)
  }

  /**
   * Closes the messages that a broken turn left open with the text so far. Those without text are
   * removed.
   */
  *interrupt(): Events {
    for (const item of this.#open.values()) {
      const content = item.content.filter((part) => part !== undefined)
      if (content.some(({ text }) => text.trim() !== '')) yield { type: 'thread.item.done', item: { ...item, content } }
      else yield { type: 'thread.item.removed', item_id: item.id }
    }
    this.#open.clear()
  }

  #content({ text, refusal }: RawPart, annotations: unknown[]): AssistantContent {
    return {
      type: 'output_text',
      text: text ?? refusal ?? '',
      annotations: annotations.flatMap((raw) => this.#annotate(raw) ?? []),
    }
  }
}

function updated(item: AssistantMessageItem, update: AssistantMessageUpdate): ThreadStreamEvent {
  return { type: 'thread.item.updated', item_id: item.id, update }
}
