import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import { readSse, type SseSignal } from '#lib/chatkit-element/transport/sse.ts'

/** The total timeout (ms) of a query. Streams have none: an answer may take minutes. */
const QUERY_TIMEOUT_MS = 30_000
/** How long (ms) a stream's response may take to begin. */
const OPEN_TIMEOUT_MS = 60_000
/**
 * The idle timeout (ms) of a stream, once the server has sent a comment line such as `: ping`,
 * which ours sends every 15 s.
 */
const SILENT_MS = 50_000

/** The server refused the request. `message` is the server's own and can be shown to the person. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  /** How long (ms) the server wants us to wait; 0 if it did not say. */
  readonly retryAfterMs: number
  constructor(message: string, status: number, retryAfterMs = 0) {
    super(message)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * The server could not be reached, or the stream broke off. The request may still have taken
 * effect.
 */
export class ConnectionError extends Error {
  override name = 'ConnectionError'
}

export type ApiSettings = { url: string; fetch?: typeof fetch | undefined; locale: string; strings: Strings }

/** An event, with its number if the server counts events. */
export type Received = { event: unknown; seq: number | null }

/**
 * `events` returns true if the server has said that the stream is complete; a server that numbers
 * its events always says so.
 */
export type EventStream = { runId: string | null; events: AsyncGenerator<Received, boolean> }

/** The ChatKit endpoint: one POST per operation, answered with JSON or server-sent events. */
export class Api {
  readonly #settings: () => ApiSettings
  #recognisesRepeats = false

  constructor(settings: () => ApiSettings) {
    this.#settings = settings
  }

  /**
   * Sends an operation that answers with JSON. Throws ApiError, ConnectionError or the signal's
   * AbortError.
   */
  async query<T>(type: string, params: object, signal?: AbortSignal, timeoutMs = QUERY_TIMEOUT_MS): Promise<T> {
    const deadline = AbortSignal.timeout(timeoutMs)
    const response = await this.#post(type, params, signal ? AbortSignal.any([signal, deadline]) : deadline)
    try {
      return (await response.json()) as T
    } catch (cause) {
      throw new ConnectionError(this.#settings().strings.serverFault, { cause })
    }
  }

  /**
   * True once the server has shown by the header `x-run-id` that its turns are durable runs. Such a
   * server answers a repeated request id with the same run, so a request can be sent again when its
   * outcome is unknown.
   */
  get recognisesRepeats(): boolean {
    return this.#recognisesRepeats
  }

  /**
   * Opens a stream of events. The generator throws ConnectionError if the connection is lost before
   * the end.
   */
  async stream(type: string, params: object, signal: AbortSignal, id = requestId()): Promise<EventStream> {
    const quiet = new AbortController()
    const timer = setTimeout(() => quiet.abort(new DOMException('No answer', 'TimeoutError')), OPEN_TIMEOUT_MS)
    const response = await this.#post(type, params, AbortSignal.any([signal, quiet.signal]), id, true).finally(() =>
      clearTimeout(timer),
    )
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream'))
      throw new ApiError(this.#settings().strings.serverFault, 502)
    const runId = response.headers.get('x-run-id')
    this.#recognisesRepeats ||= runId !== null
    return { runId, events: watch(readSse(response.body), signal, quiet) }
  }

  async #post(type: string, params: object, signal: AbortSignal, id = requestId(), resume?: true): Promise<Response> {
    const { url, fetch: custom, locale, strings } = this.#settings()
    const send = custom ?? ((input: RequestInfo | URL, init?: RequestInit) => fetch(input, init))
    let response: Response
    try {
      response = await send(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream, application/json',
          'accept-language': locale,
        },
        body: JSON.stringify({ type, params, metadata: { request_id: id, resume } }),
        signal,
      })
    } catch (cause) {
      if (signal.aborted && !(signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'))
        throw cause
      throw new ConnectionError(strings.unreachable, { cause })
    }
    if (!response.ok)
      throw new ApiError((await messageOf(response)) ?? strings.serverFault, response.status, retryAfterMs(response))
    return response
  }
}

/**
 * A random UUID. `crypto.randomUUID` exists only in secure contexts, but a self-hosted app may run
 * on plain http.
 */
export function requestId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

/**
 * `Retry-After` in ms; 0 if it is absent. It is a number of seconds or a date (RFC 9110, section
 * 10.2.3).
 */
function retryAfterMs({ headers }: Response): number {
  const value = headers.get('retry-after') ?? ''
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return ms > 0 ? ms : 0
}

/** The server's own message, if it sent one. */
async function messageOf(response: Response): Promise<string | null> {
  try {
    const { message } = (await response.json()) as { message?: unknown }
    if (typeof message === 'string' && message) return message
  } catch {
    // Not JSON: a proxy's error page, which has no message for a person.
  }
  return null
}

async function* watch(
  signals: AsyncGenerator<SseSignal>,
  signal: AbortSignal,
  quiet: AbortController,
): AsyncGenerator<Received, boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  let pings = false
  let complete = false
  try {
    for await (const next of signals) {
      if ('alive' in next) pings = true
      clearTimeout(timer)
      if (pings) timer = setTimeout(() => quiet.abort(), SILENT_MS)
      if ('complete' in next) complete = true
      if ('event' in next) yield next
    }
    return complete
  } catch (cause) {
    if (signal.aborted) throw cause
    throw new ConnectionError('The connection was lost.', { cause })
  } finally {
    clearTimeout(timer)
  }
}
