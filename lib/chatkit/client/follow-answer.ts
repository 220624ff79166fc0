import { AnswerPlace } from '#lib/chatkit/client/answer-place.ts'
import type { Api } from '#lib/chatkit/client/api.ts'
import { ApiError, ConnectionError, LostError } from '#lib/chatkit/client/api-errors.ts'
import { type EventStream, prepend } from '#lib/chatkit/client/event-stream.ts'
import { newRequestId } from '#lib/chatkit/client/request-id.ts'
import { waitBeforeRetry } from '#lib/chatkit/client/wait-before-retry.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'

/** Waits (ms) between attempts to find a running answer again: about half a minute in total. */
const BACK_OFF_MS = [300, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
/** Waits (ms) before a request that may not have arrived is sent again. */
const SEND_AGAIN_MS = [500, 1_500, 4_000]
const PASSING = new Set([502, 503, 504])

/**
 * A streaming request. `id` is its request id; `opened` its stream, if the caller has opened it
 * already.
 */
export type AnswerRequest = { operation: string; params: object; id?: string | undefined; opened?: EventStream }

export type AnswerHooks = {
  /** The server has accepted the request; the message is stored or about to be. */
  onOpen?: (runId: string | null) => void
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

/**
 * Sends a streaming request and follows its answer to the end. If the connection is lost, it
 * resumes the running answer (`threads.attach`) after the last event it got, on any server. It
 * sends the request again under its own id if no event arrived, or if the server died before the
 * answer began. Throws ApiError or ConnectionError if the request was not accepted, LostError if
 * the answer could not be found again, and the signal's reason if it was aborted.
 */
export async function followAnswer(
  api: Api,
  { operation, params, id = newRequestId(), opened }: AnswerRequest,
  hooks: AnswerHooks,
  signal: AbortSignal,
): Promise<void> {
  const place = new AnswerPlace()
  let fromStart = false
  let endsCleanly = false
  const stream = opened ?? (await open(api, operation, params, hooks, signal, id))
  hooks.onOpen?.(stream.runId)
  if (await readToEnd(stream, hooks, place)) return
  for (let tries = 0; tries < BACK_OFF_MS.length; tries += 1) {
    endsCleanly = false
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
        if (!first.value && (again.runId ?? place.runId) && !place.isAnswered && operation !== 'threads.attach') {
          fromStart = true
          continue
        }
        // A cut that a proxy turned into a clean end: the server would say `: end`, or name no run.
        endsCleanly = !first.value && again.runId !== null && place.isNumbered
        if (endsCleanly) continue
        return await hooks.reload(signal)
      }
      if (await readToEnd(prepend(first.value, again), hooks, place)) return
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
  // The server can be reached, so what it has stored can be read.
  if (endsCleanly) return await hooks.reload(signal)
  throw new LostError('The connection was lost.')
}

/**
 * Sends the request. If the server recognises repeats, it retries under the same id, so that
 * nothing is done twice.
 */
async function open(
  api: Api,
  operation: string,
  params: object,
  hooks: AnswerHooks,
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
async function readToEnd({ runId, events }: EventStream, hooks: AnswerHooks, place: AnswerPlace): Promise<boolean> {
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

function isEvent(value: unknown): value is ThreadStreamEvent {
  return typeof value === 'object' && value !== null && 'type' in value
}
