import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'

type Entry = { seq: number; event: ThreadStreamEvent; bytes: number }
type Reader = { at: number; wake?: () => void }

const DELTA = 'assistant_message.content_part.text_delta'
const OVERHEAD = 160

/** About how much of a run's log is kept, in bytes: above `soft` deltas that everybody has read are joined, above `hard` the oldest events go. */
export const LOG_LIMITS = { soft: 1_000_000, hard: 8_000_000 }

/**
 * The events of one run, numbered from 1, for any number of readers: each gets them from where it begins to the end. What the
 * log keeps is shortened without changing what a reader ends up with: a finished item needs none of its earlier events.
 */
export class EventLog {
  readonly #limits: typeof LOG_LIMITS
  #entries: Entry[] = []
  readonly #readers = new Set<Reader>()
  #last = 0
  #bytes = 0
  #joinAbove: number
  #droppedTo = 0
  #ended = false

  constructor(limits = LOG_LIMITS) {
    this.#limits = limits
    this.#joinAbove = limits.soft
  }

  /** About how many bytes are kept. */
  get bytes(): number {
    return this.#bytes
  }

  append(event: ThreadStreamEvent): void {
    this.#last += 1
    const bytes = sizeOf(event)
    if (event.type === 'thread.item.done' || event.type === 'thread.item.replaced') this.#forget(event.item.id)
    else if (event.type === 'thread.item.removed') this.#forget(event.item_id)
    this.#entries.push({ seq: this.#last, event, bytes })
    this.#bytes += bytes
    if (this.#bytes > this.#joinAbove) this.#shorten()
    this.#wakeAll()
  }

  /** No event follows: readers end once they have read everything. */
  end(): void {
    this.#ended = true
    this.#wakeAll()
  }

  /** Every event after number `after`, then those to come, until the end. A reader that falls behind what is kept ends early. */
  async *read(after = 0): AsyncGenerator<ThreadStreamEvent> {
    const reader: Reader = { at: Math.max(after, this.#droppedTo) }
    this.#readers.add(reader)
    try {
      while (reader.at >= this.#droppedTo) {
        const next = this.#entries[this.#indexAfter(reader.at)]
        if (next) {
          reader.at = next.seq
          yield next.event
        } else if (this.#ended) return
        else await new Promise<void>((resolve) => (reader.wake = resolve))
      }
    } finally {
      this.#readers.delete(reader)
    }
  }

  #wakeAll(): void {
    for (const reader of this.#readers) {
      reader.wake?.()
      reader.wake = undefined
    }
  }

  /** The place of the first entry with a number above `seq`. */
  #indexAfter(seq: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#entries[middle]?.seq ?? 0) > seq) high = middle
      else low = middle + 1
    }
    return low
  }

  #forget(itemId: string): void {
    this.#keep(
      this.#entries.filter(({ event }) => !('item' in event ? event.item.id === itemId : 'item_id' in event && event.item_id === itemId)),
    )
  }

  #keep(entries: Entry[]): void {
    this.#entries = entries
    this.#bytes = entries.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #shorten(): void {
    const readByAll = Math.min(this.#last, ...[...this.#readers].map(({ at }) => at))
    const joined: Entry[] = []
    for (const entry of this.#entries) {
      const before = joined.at(-1)
      const event = before && entry.seq <= readByAll ? joinedDelta(before.event, entry.event) : undefined
      if (event) joined[joined.length - 1] = { seq: entry.seq, event, bytes: sizeOf(event) }
      else joined.push(entry)
    }
    this.#keep(joined)
    while (this.#bytes > this.#limits.hard && this.#entries.length > 1) {
      const oldest = this.#entries.shift()
      this.#bytes -= oldest?.bytes ?? 0
      this.#droppedTo = oldest?.seq ?? this.#droppedTo
    }
    // Not at each append: once joined, the log has to grow before it is worth another look.
    this.#joinAbove = Math.max(this.#limits.soft, Math.min(this.#bytes * 1.5, this.#limits.hard))
  }
}

function sizeOf(event: ThreadStreamEvent): number {
  if (event.type === 'thread.item.updated' && event.update.type === DELTA) return event.update.delta.length + OVERHEAD
  return JSON.stringify(event).length
}

function joinedDelta(first: ThreadStreamEvent, second: ThreadStreamEvent): ThreadStreamEvent | undefined {
  if (first.type !== 'thread.item.updated' || second.type !== 'thread.item.updated' || first.item_id !== second.item_id) return undefined
  const [a, b] = [first.update, second.update]
  if (a.type !== DELTA || b.type !== DELTA || a.content_index !== b.content_index) return undefined
  return { ...second, update: { ...b, delta: a.delta + b.delta } }
}
