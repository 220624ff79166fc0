import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { type Api, ApiError, ConnectionError, type EventStream, requestId } from '#lib/chatkit-element/api.ts'

/** Waits between attempts to find a running answer again, in ms: about half a minute in all. */
const BACK_OFF_MS = [300, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
/** Waits before a request that may not have arrived is sent again, in ms. */
const SEND_AGAIN_MS = [500, 1_500, 4_000]
const PASSING = new Set([502, 503, 504])

/** What an exchange needs of the API. */
export type StreamApi = Pick<Api, 'stream' | 'recognisesRepeats'>

export type ExchangeHooks = {
  /** The server has accepted the request; what was sent is stored or about to be. */
  onOpen?: () => void
  onEvent: (event: ThreadStreamEvent) => void
  onReconnecting: (reconnecting: boolean) => void
  /** The thread to look in after the connection was lost; null when none is known yet. */
  threadId: () => string | null
  /** True while an item is half written: a stream that ends then was cut off, however politely. */
  isUnfinished: () => boolean
  /** The answer is no longer running: what the server has stored is the whole truth. */
  reload: (signal: AbortSignal) => Promise<void>
}

/** The connection was lost for good, after the request had been accepted. */
export class LostError extends Error {
  override name = 'LostError'
}

/**
 * One streaming request to its end. When the connection is lost on the way, the running answer is found again by
 * `threads.attach`, which replays it from its start. Throws ApiError or ConnectionError when the request was not accepted,
 * LostError when the answer could not be found again, and the signal's reason when it was given up.
 */
export async function exchange(
  api: StreamApi,
  operation: string,
  params: object,
  hooks: ExchangeHooks,
  signal: AbortSignal,
): Promise<void> {
  const effects = new EffectFilter()
  const stream = await open(api, operation, params, hooks, signal)
  hooks.onOpen?.()
  if (await readToEnd(stream, hooks, effects)) return
  for (const delay of BACK_OFF_MS) {
    hooks.onReconnecting(true)
    await pause(delay, signal)
    const threadId = hooks.threadId()
    if (!threadId) break
    try {
      const again = await api.stream('threads.attach', { thread_id: threadId }, signal)
      const first = await again.events.next()
      hooks.onReconnecting(false)
      if (first.done) return await hooks.reload(signal)
      if (await readToEnd({ ...again, events: prepend(first.value, again.events) }, hooks, effects)) return
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) return await hooks.reload(signal)
      if (!(error instanceof ApiError || error instanceof ConnectionError)) throw error
    } finally {
      hooks.onReconnecting(false)
    }
  }
  throw new LostError('The connection was lost.')
}

/** Sends the request, again under the same id where the server recognises it: what was done already is not done twice. */
async function open(api: StreamApi, operation: string, params: object, hooks: ExchangeHooks, signal: AbortSignal): Promise<EventStream> {
  const id = requestId()
  for (const delay of SEND_AGAIN_MS) {
    try {
      return await api.stream(operation, params, signal, id)
    } catch (error) {
      const mayPass = error instanceof ConnectionError || (error instanceof ApiError && PASSING.has(error.status))
      if (!mayPass || !api.recognisesRepeats) throw error
    }
    hooks.onReconnecting(true)
    await pause(delay, signal).finally(() => hooks.onReconnecting(false))
  }
  return api.stream(operation, params, signal, id)
}

/** True when the stream came to its end, false when the connection was lost. */
async function readToEnd(stream: EventStream, hooks: ExchangeHooks, effects: EffectFilter): Promise<boolean> {
  effects.begin(stream.runId)
  try {
    for await (const event of stream.events) {
      if (isEvent(event) && effects.isNew(event)) hooks.onEvent(event)
    }
    return !hooks.isUnfinished()
  } catch (error) {
    if (error instanceof ConnectionError) return false
    throw error
  }
}

export async function* prepend<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}

function isEvent(value: unknown): value is ThreadStreamEvent {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** Items may be replayed safely; an effect happens in the host page and must happen once. */
class EffectFilter {
  #runId: string | null = null
  #seen = 0
  #replayed = 0

  begin(runId: string | null): void {
    if (!runId || runId !== this.#runId) this.#seen = 0
    this.#runId = runId
    this.#replayed = 0
  }

  isNew(event: ThreadStreamEvent): boolean {
    if (event.type !== 'client_effect') return true
    this.#replayed += 1
    if (this.#replayed <= this.#seen) return false
    this.#seen = this.#replayed
    return true
  }
}

/** Ends early when the network comes back. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer)
      removeEventListener('online', finish)
      signal.removeEventListener('abort', finish)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    }
    const timer = setTimeout(finish, ms)
    addEventListener('online', finish)
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}
