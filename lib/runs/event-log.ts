import type { NumberedEvent, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { findDeltaText, type Packed, packEvents, sliceAfter } from '#lib/runs/pack-events.ts'

type Entry = Packed & { bytes: number }
type Reader = { at: number; wake?: () => void }

const OVERHEAD = 160
const PIECE_BYTES = 8

/**
 * Approximate limits of a run's log, in bytes. Above `soft`, neighbouring deltas are joined; above
 * `hard`, the oldest events are dropped.
 */
export const LOG_LIMITS = { soft: 1_000_000, hard: 8_000_000 }

/**
 * The events of one run, numbered from 1, for any number of readers. Each reader gets every event
 * from its start position to the end. The log is compacted without changing a reader's final state:
 * once an item is finished, its earlier events are not needed.
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

  /** The approximate size of the log in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** The number of the last event so far. */
  get last(): number {
    return this.#last
  }

  /** True if everything after number `after` is still here. */
  reaches(after: number): boolean {
    return after >= this.#droppedTo
  }

  /** Appends an event and returns its number. */
  append(event: ThreadStreamEvent): number {
    this.#last += 1
    const bytes = sizeOf({ event })
    if (event.type === 'thread.item.done' || event.type === 'thread.item.replaced') this.#forget(event.item.id)
    else if (event.type === 'thread.item.removed') this.#forget(event.item_id)
    this.#entries.push({ seq: this.#last, event, bytes })
    this.#bytes += bytes
    if (this.#bytes > this.#joinAbove) this.#shorten()
    this.#wakeAll()
    return this.#last
  }

  /**
   * Ends all readers at once, because the run's log continues elsewhere. They have to look there.
   */
  abandon(): void {
    this.#droppedTo = Number.POSITIVE_INFINITY
    this.#wakeAll()
  }

  /** Marks the log as complete: readers end once they have read everything. */
  end(): void {
    this.#ended = true
    this.#wakeAll()
  }

  /**
   * Yields every event after number `after`, then new ones as they arrive. Returns true at the end
   * of the log, or false if the reader fell behind the events that are kept.
   */
  async *read(after = 0): AsyncGenerator<NumberedEvent, boolean> {
    const reader: Reader = { at: after }
    this.#readers.add(reader)
    try {
      while (this.reaches(reader.at)) {
        const next = this.#entries[this.#indexAfter(reader.at)]
        const rest = next && sliceAfter(next, reader.at)
        if (rest) {
          reader.at = rest.seq
          yield rest
        } else if (this.#ended) return true
        else await new Promise<void>((resolve) => (reader.wake = resolve))
      }
      return false
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

  /** The index of the first entry with a number above `seq`. */
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

  /**
   * Drops the events that led to an item's final state. Its `added` event stays if another item was
   * added after it, so that a late reader shows both in order.
   */
  #forget(itemId: string): void {
    const isOwn = (event: ThreadStreamEvent) =>
      'item' in event ? event.item.id === itemId : 'item_id' in event && event.item_id === itemId
    const begun = this.#entries.findIndex(({ event }) => event.type === 'thread.item.added' && isOwn(event))
    const isBeforeOthers = this.#entries.slice(begun + 1).some(({ event }) => 'item' in event && !isOwn(event))
    this.#keep(this.#entries.filter(({ event }, at) => !isOwn(event) || (at === begun && isBeforeOthers)))
  }

  #keep(entries: Entry[]): void {
    this.#entries = entries
    this.#bytes = entries.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #shorten(): void {
    const joined = packEvents(this.#entries)
    this.#keep(joined.map((entry) => ({ ...entry, bytes: sizeOf(entry) })))
    while (this.#bytes > this.#limits.hard && this.#entries.length > 1) {
      const oldest = this.#entries.shift()
      this.#bytes -= oldest?.bytes ?? 0
      this.#droppedTo = oldest?.seq ?? this.#droppedTo
    }
    // Compacting at each append would be wasted work: once joined, the log has to grow first.
    this.#joinAbove = Math.max(this.#limits.soft, Math.min(this.#bytes * 1.5, this.#limits.hard))
  }
}

function sizeOf({ event, pieces = [] }: Pick<Packed, 'event' | 'pieces'>): number {
  const text = findDeltaText(event)
  return text === undefined ? JSON.stringify(event).length : text.length + OVERHEAD + pieces.length * PIECE_BYTES
}
