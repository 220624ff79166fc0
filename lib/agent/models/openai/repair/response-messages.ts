import { isObject } from '#lib/agent/models/openai/repair/call-arguments.ts'
import { type Piece, ThoughtSplitter } from '#lib/agent/models/openai/repair/thought-splitter.ts'

type Fields = Record<string, unknown>
type Part = {
  splitter: ThoughtSplitter
  type: 'output_text' | 'refusal'
  added: boolean
  given: string
  last: Fields
  annotations: unknown[]
}
type Message = { item: Fields; at: Fields; added: boolean; done: boolean; parts: Map<number, Part> }

const OF_PARTS =
  /^response\.(content_part\.(added|done)|output_text\.(delta|done|annotation\.added)|refusal\.(delta|done))$/

/**
 * The messages of a streamed response. A message is shown when its first word arrives, so one that
 * begins with thoughts waits, and one that has only thoughts is never shown. Thoughts become events
 * of their own.
 */
export class ResponseMessages {
  readonly #messages: Message[] = []
  #thought = ''

  /** True for an event that is about a message. */
  takes({ type, item, part }: Fields): boolean {
    if (isObject(part) && part.type === 'reasoning_text') return false
    if (type === 'response.output_item.added' || type === 'response.output_item.done')
      return isObject(item) && item.type === 'message'
    return typeof type === 'string' && OF_PARTS.test(type)
  }

  *take(event: Fields): Generator<Fields> {
    const { type, item, item_id: id, output_index: index } = event
    if (type === 'response.output_item.added') return void this.#begin(item as Fields, index)
    const itemId = type === 'response.output_item.done' ? (item as Fields).id : id
    const message =
      this.#messages.findLast((one) => !one.done && one.at.item_id === itemId) ?? this.#begin({ id: itemId }, index)
    if (type === 'response.output_item.done') return yield* this.#finish(message, item as Fields)
    const part = partOf(message, event)
    const { delta, text, refusal, annotation } = event
    part.last = event
    if (type === 'response.output_text.delta' && typeof delta === 'string') yield* this.#say(message, part, delta)
    else if (type === 'response.refusal.delta' && typeof delta === 'string') {
      yield* this.#show(message, part)
      part.given += delta
      yield event
    } else if (type === 'response.output_text.annotation.added') {
      part.annotations.push(annotation)
      yield* this.#show(message, part)
      yield event
    } else if (type === 'response.output_text.done' || type === 'response.refusal.done')
      yield* this.#complete(message, part, text ?? refusal)
  }

  /** Yields what was held back if the stream breaks. */
  *flush(): Generator<Fields> {
    for (const message of this.#messages)
      if (!message.done)
        for (const part of message.parts.values()) yield* this.#pieces(message, part, part.splitter.end())
  }

  /**
   * Closes what the server left open at the end. If it streamed no message, shows those of its last
   * event.
   */
  *end(listed: Fields[]): Generator<Fields> {
    if (this.#messages.length === 0) for (const item of listed) this.#begin(item, undefined)
    for (const message of this.#messages)
      if (!message.done) yield* this.#finish(message, listed.find(({ id }) => id === message.at.item_id) ?? {})
  }

  /** The messages of the whole answer. */
  get items(): Fields[] {
    return this.#messages.filter(({ added }) => added).map(({ item }) => item)
  }

  #begin(item: Fields, index: unknown): Message {
    const message: Message = {
      item: { ...item, type: 'message', role: 'assistant', content: [] },
      at: { item_id: item.id, output_index: index },
      added: false,
      done: false,
      parts: new Map(),
    }
    this.#messages.push(message)
    return message
  }

  *#finish(message: Message, item: Fields): Generator<Fields> {
    for (const [index, raw] of contentOf(item.content).entries()) {
      const part = partOf(message, { content_index: index, part: raw })
      if (Array.isArray(raw.annotations)) part.annotations = raw.annotations
      yield* this.#complete(message, part, raw.text ?? raw.refusal)
    }
    for (const part of message.parts.values()) yield* this.#pieces(message, part, part.splitter.end())
    message.done = true
    yield* this.#endThought(message)
    if (!message.added) return
    const parts = [...message.parts].filter(([, part]) => part.added).sort(([a], [b]) => a - b)
    message.item = {
      ...message.item,
      ...item,
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: parts.map(([, part]) => toContent(part)),
    }
    const { item_id, output_index } = message.at
    for (const [content_index, part] of parts) {
      const at = { item_id, output_index, content_index }
      if (part.type === 'refusal') yield { type: 'response.refusal.done', ...at, refusal: part.given }
      else yield { type: 'response.output_text.done', ...at, text: part.splitter.visible }
    }
    yield { type: 'response.output_item.done', output_index, item: message.item }
  }

  /** Takes the whole text of a part and yields what did not come in pieces. */
  *#complete(message: Message, part: Part, text: unknown): Generator<Fields> {
    if (typeof text !== 'string' || text === '') return
    const rest = text.startsWith(part.given) ? text.slice(part.given.length) : ''
    if (part.type === 'output_text') yield* this.#say(message, part, rest)
    else if (rest !== '') {
      part.given += rest
      yield* this.#show(message, part)
      yield { type: 'response.refusal.delta', ...message.at, content_index: part.last.content_index ?? 0, delta: rest }
    }
  }

  *#say(message: Message, part: Part, text: string): Generator<Fields> {
    part.given += text
    yield* this.#pieces(message, part, part.splitter.push(text))
  }

  *#pieces(message: Message, part: Part, pieces: Piece[]): Generator<Fields> {
    for (const piece of pieces) {
      if (piece.kind === 'thought') {
        this.#thought += piece.text
        yield { type: 'response.reasoning_text.delta', ...message.at, delta: piece.text }
        continue
      }
      yield* this.#endThought(message)
      if (piece.kind === 'retract') {
        message.added = false
        part.added = false
        yield { type: RETRACTED, ...message.at }
      } else {
        yield* this.#show(message, part)
        yield {
          ...part.last,
          ...message.at,
          content_index: part.last.content_index ?? 0,
          type: 'response.output_text.delta',
          delta: piece.text,
        }
      }
    }
  }

  *#endThought({ at }: Message): Generator<Fields> {
    if (this.#thought !== '') yield { type: 'response.reasoning_text.done', ...at, text: this.#thought }
    this.#thought = ''
  }

  *#show(message: Message, part: Part): Generator<Fields> {
    const { item_id, output_index } = message.at
    if (!message.added)
      yield {
        type: 'response.output_item.added',
        output_index,
        item: { ...message.item, status: 'in_progress', content: [] },
      }
    message.added = true
    if (part.added) return
    part.added = true
    const empty =
      part.type === 'refusal' ? { type: 'refusal', refusal: '' } : { type: 'output_text', text: '', annotations: [] }
    yield {
      type: 'response.content_part.added',
      item_id,
      output_index,
      content_index: part.last.content_index ?? 0,
      part: empty,
    }
  }
}

/** The type of the event that says that all text of a message so far was a thought. */
export const RETRACTED = 'response.retracted'

function partOf(message: Message, event: Fields): Part {
  const index = typeof event.content_index === 'number' ? event.content_index : 0
  const known = message.parts.get(index)
  if (known) return known
  const isRefusal =
    (isObject(event.part) && event.part.type === 'refusal') || String(event.type).startsWith('response.refusal')
  const type = isRefusal ? 'refusal' : 'output_text'
  const part: Part = { splitter: new ThoughtSplitter(), type, added: false, given: '', last: event, annotations: [] }
  message.parts.set(index, part)
  return part
}

/**
 * The parts of a message that say something, in OpenAI's form. Some servers send one text, or parts
 * with other type names.
 */
function contentOf(content: unknown): Fields[] {
  if (typeof content === 'string') return [{ type: 'output_text', text: content }]
  return Array.isArray(content)
    ? content.filter((part) => isObject(part) && (typeof part.text === 'string' || typeof part.refusal === 'string'))
    : []
}

function toContent({ type, given, splitter, annotations }: Part): Fields {
  if (type === 'refusal') return { type, refusal: given }
  return { type, text: splitter.visible, annotations }
}
