import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { type Api, ApiError, ConnectionError, type EventStream, requestId } from '#lib/chatkit-element/transport/api.ts'
import { waitBeforeRetry } from '#lib/chatkit-element/transport/waits.ts'

/** Waits (ms) between attempts to find a running answer again: about half a minute in total. */
const BACK_OFF_MS = [300, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
/** Waits (ms) before a request that may not have arrived is sent again. */
const SEND_AGAIN_MS = [500, 1_500, 4_000]
const PASSING = new Set([502, 503, 504])

/** What an exchange needs of the API. */
export type StreamApi = Pick<Api, 'stream' | 'recognisesRepeats'>

export type ExchangeHooks = {
  /** The server has accepted the request; the message is stored or about to be. */
  onOpen?: () => void
  onEvent: (event: ThreadStreamEvent) => void
  onReconnecting: (reconnecting: boolean) => void
  /** The thread to look in after the connection was lost; null if it is not known yet. */
  threadId: () => string | null
  /**
   * True while an item is incomplete: a stream that ends then was cut off, even if it ended
   * cleanly.
   */
  isUnfinished: () => boolean
  /** The answer is no longer running: reads what the server has stored. */
  reload: (signal: AbortSignal) => Promise<void>
}

/** The connection was lost for good after the request had been accepted. */
export class LostError extends Error {
  override name = 'LostError'
}

/**
 * Runs one streaming request to its end. If the connection is lost, it resumes the running answer
 * (`threads.attach`) after the last event it got, on any server. It sends the request again under
 * its own id (`id`) if no event arrived, or if the server died before the answer began. Throws
 * ApiError or ConnectionError if the request was not accepted, LostError if the answer could not be
 * found again, and the signal's reason if it was aborted.
 */
export async function exchange(
  api: StreamApi,
  operation: string,
  params: object,
  hooks: ExchangeHooks,
  signal: AbortSignal,
  id = requestId(),
): Promise<void> {
  const place = new Place()
  let fromStart = false
  const stream = await open(api, operation, params, hooks, signal, id)
  hooks.onOpen?.()
  if (await readToEnd(stream, hooks, place)) return
  for (let tries = 0; tries < BACK_OFF_MS.length; tries += 1) {
    hooks.onReconnecting(true)
    await waitBeforeRetry(BACK_OFF_MS[tries] ?? 0, signal)
    const before = place.last
    const threadId = hooks.threadId()
    if (!threadId && place.heard) break
    try {
      const again =
        place.heard && !fromStart
          ? await api.stream('threads.attach', { thread_id: threadId, ...place.params }, signal)
          : await api.stream(operation, params, signal, id)
      const first = await again.events.next()
      hooks.onReconnecting(false)
      if (first.done) {
        // The rest of a log may be empty if the run has ended. Without numbers an empty stream only
        // says that no run is active.
        if (first.value && place.isNumbered && !hooks.isUnfinished()) return
        // The server has runs but sent neither an event nor `: end`: it died before the answer
        // began.
        if (!first.value && again.runId && !place.isAnswered && operation !== 'threads.attach') {
          fromStart = true
          continue
        }
        return await hooks.reload(signal)
      }
      if (await readToEnd({ ...again, events: prepend(first.value, again.events) }, hooks, place)) return
      fromStart = false
      // Any progress resets the retry budget.
      if (place.last > before) tries = -1
    } catch (error) {
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) return await hooks.reload(signal)
      if (!(error instanceof ApiError || error instanceof ConnectionError)) throw error
    } finally {
      hooks.onReconnecting(false)
    }
  }
  throw new LostError('The connection was lost.')
}

/**
 * Sends the request. If the server recognises repeats, it retries under the same id, so that
 * nothing is done twice.
 */
async function open(
  api: StreamApi,
  operation: string,
  params: object,
  hooks: ExchangeHooks,
  signal: AbortSignal,
  id: string,
): Promise<EventStream> {
  for (const delay of SEND_AGAIN_MS) {
    try {
      return await api.stream(operation, params, signal, id)
    } catch (error) {
      const mayPass = error instanceof ConnectionError || (error instanceof ApiError && PASSING.has(error.status))
      if (!mayPass || !api.recognisesRepeats) throw error
    }
    hooks.onReconnecting(true)
    await waitBeforeRetry(delay, signal).finally(() => hooks.onReconnecting(false))
  }
  return api.stream(operation, params, signal, id)
}

/** True if the stream came to its end, false if the connection was lost. */
async function readToEnd({ runId, events }: EventStream, hooks: ExchangeHooks, place: Place): Promise<boolean> {
  place.begin(runId)
  try {
    for (let next = await events.next(); ; next = await events.next()) {
      if (next.done) return next.value || (!place.isNumbered && !hooks.isUnfinished())
      const { event, seq } = next.value
      if (isEvent(event) && place.isNew(event, seq)) hooks.onEvent(event)
    }
  } catch (error) {
    if (error instanceof ConnectionError) return false
    throw error
  }
}

export async function* prepend<T, R>(first: T, rest: AsyncGenerator<T, R>): AsyncGenerator<T, R> {
  yield first
  return yield* rest
}

/** Returns `first` on the first call and opens new streams afterwards. */
export function onceThen(first: Awaited<ReturnType<Api['stream']>>, api: StreamApi): Api['stream'] {
  let used = false
  return async (...request) => {
    if (used) return api.stream(...request)
    used = true
    return first
  }
}

function isEvent(value: unknown): value is ThreadStreamEvent {
  return typeof value === 'object' && value !== null && 'type' in value
}

/**
 * How far an answer was read, so that no event is handled twice. A server without event numbers
 * replays a run from its start. Items can be replayed safely, but an effect happens in the host
 * page and must happen only once.
 */
class Place {
  /** The number of the last handled event; 0 if the server does not number events. */
  last = 0
  /** True once any event of the turn has arrived. */
  heard = false
  /** True once the answer has begun. */
  isAnswered = false
  #runId: string | null = null
  #effects = 0
  #replayed = 0

  begin(runId: string | null): void {
    if (!runId || runId !== this.#runId) {
      this.#effects = 0
      this.last = 0
    }
    this.#runId = runId
    this.#replayed = 0
  }

  get isNumbered(): boolean {
    return this.last > 0
  }

  /** The parameters of `threads.attach` besides the thread. */
  get params(): { run_id?: string; after?: number } {
    return this.#runId && this.last > 0 ? { run_id: this.#runId, after: this.last } : {}
  }

  isNew(event: ThreadStreamEvent, seq: number | null): boolean {
    this.heard = true
    this.isAnswered ||= !isOpening(event)
    if (seq !== null) {
      if (seq <= this.last) return false
      this.last = seq
      return true
    }
    if (event.type !== 'client_effect') return true
    this.#replayed += 1
    if (this.#replayed <= this.#effects) return false
    this.#effects = this.#replayed
    return true
  }
}

/** True for the events that a turn sends before its answer begins. */
function isOpening(event: ThreadStreamEvent): boolean {
  if (event.type === 'thread.item.done') return event.item.type === 'user_message'
  return event.type === 'thread.created' || event.type === 'thread.updated' || event.type === 'stream_options'
}
