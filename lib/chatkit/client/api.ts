import { ApiError, ConnectionError } from '#lib/chatkit/client/api-errors.ts'
import { type EventStream, toEventStream } from '#lib/chatkit/client/event-stream.ts'
import { newRequestId } from '#lib/chatkit/client/request-id.ts'

/** The total timeout (ms) of a query. Streams have none: an answer may take minutes. */
const QUERY_TIMEOUT_MS = 30_000
/** How long (ms) a stream's response may take to begin. */
const OPEN_TIMEOUT_MS = 60_000

/** `strings` are what the person reads if the server sent no message of its own. */
export type ApiSettings = {
  url: string
  fetch?: typeof fetch | undefined
  locale: string
  strings: { unreachable: string; serverFault: string }
}

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
  async query<T>(
    type: string,
    params: object,
    signal?: AbortSignal,
    { timeoutMs = QUERY_TIMEOUT_MS, id }: { timeoutMs?: number; id?: string } = {},
  ): Promise<T> {
    const deadline = AbortSignal.timeout(timeoutMs)
    const response = await this.#post(type, params, signal ? AbortSignal.any([signal, deadline]) : deadline, id)
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
   * Opens a stream of events. Throws what `query` throws. Its generator throws ConnectionError if
   * the connection is lost before the end.
   */
  async stream(type: string, params: object, signal: AbortSignal, id = newRequestId()): Promise<EventStream> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(new DOMException('No answer', 'TimeoutError')), OPEN_TIMEOUT_MS)
    const response = await this.#post(type, params, AbortSignal.any([signal, late.signal]), id, true).finally(() =>
      clearTimeout(timer),
    )
    const stream = toEventStream(response, signal)
    if (!stream) throw new ApiError(this.#settings().strings.serverFault, 502)
    this.#recognisesRepeats ||= stream.runId !== null
    return stream
  }

  async #post(
    type: string,
    params: object,
    signal: AbortSignal,
    id = newRequestId(),
    resume?: true,
  ): Promise<Response> {
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
