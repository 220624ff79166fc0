import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { LiveTurn } from '#lib/chatkit/server/deps.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * Makes one JSON answer from all events of a turn, for operations that do not stream. Throws
 * conflict with the message of an error event.
 */
export type Whole = (events: ThreadStreamEvent[]) => unknown

/**
 * Reads a turn to its end and makes one answer of it. Throws what `whole` throws, and unavailable if
 * the reader has to ask again.
 */
export async function readWhole(events: LiveTurn['events'], whole: Whole): Promise<unknown> {
  const all: ThreadStreamEvent[] = []
  for (let next = await events.next(); ; next = await events.next()) {
    if (!next.done) all.push(next.value.event)
    else if (next.value) return whole(all)
    else throw new AppError('unavailable', 'The server is restarting. Try again in a moment.', { retryAfter: 5 })
  }
}
