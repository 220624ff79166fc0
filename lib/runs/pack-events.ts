import type { NumberedEvent, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'

/**
 * An event with its number, or several neighbouring text deltas joined into one. `seq` is the
 * number of the last delta; `pieces` holds the length of each.
 */
export type Packed = { seq: number; event: ThreadStreamEvent; pieces?: number[] }

const DELTA = 'assistant_message.content_part.text_delta'

/** The text of a delta; undefined for any other event. */
export function findDeltaText(event: ThreadStreamEvent): string | undefined {
  return event.type === 'thread.item.updated' && event.update.type === DELTA ? event.update.delta : undefined
}

/** Joins neighbouring deltas of the same text. A reader's final state does not change. */
export function packEvents(entries: Iterable<Packed>): Packed[] {
  const packed: Packed[] = []
  for (const entry of entries) {
    const before = packed.at(-1)
    const joined = before && join(before, entry)
    if (joined) packed[packed.length - 1] = joined
    else packed.push(entry)
  }
  return packed
}

/** The part of an entry after number `after`: all of it, the rest of its deltas, or nothing. */
export function sliceAfter({ seq, event, pieces }: Packed, after: number): Required<NumberedEvent> | undefined {
  if (seq <= after) return undefined
  const known = pieces?.length ? after - (seq - pieces.length) : 0
  if (!pieces || known <= 0) return { seq, event }
  const read = pieces.slice(0, known).reduce((sum, length) => sum + length, 0)
  return { seq, event: withDelta(event, (text) => text.slice(read)) }
}

// The list of pieces grows in place: copying it for each delta would make long answers quadratic.
function join(before: Packed, next: Packed): Packed | undefined {
  const pieces = next.pieces?.length ? next.pieces : [findDeltaText(next.event)?.length ?? 0]
  // A gap in the numbers could not be told apart from a piece.
  if (before.seq !== next.seq - pieces.length || !isSameText(before.event, next.event)) return undefined
  const joined = before.pieces?.length ? before.pieces : [findDeltaText(before.event)?.length ?? 0]
  joined.push(...pieces)
  return { seq: next.seq, event: withDelta(before.event, (text) => text + findDeltaText(next.event)), pieces: joined }
}

function isSameText(a: ThreadStreamEvent, b: ThreadStreamEvent): boolean {
  if (a.type !== 'thread.item.updated' || b.type !== 'thread.item.updated' || a.item_id !== b.item_id) return false
  return a.update.type === DELTA && b.update.type === DELTA && a.update.content_index === b.update.content_index
}

function withDelta(event: ThreadStreamEvent, change: (text: string) => string): ThreadStreamEvent {
  if (event.type !== 'thread.item.updated' || event.update.type !== DELTA) return event
  return { ...event, update: { ...event.update, delta: change(event.update.delta) } }
}
