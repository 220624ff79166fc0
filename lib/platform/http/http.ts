import { setImmediate as nextTurn } from 'node:timers/promises'
import { withDeadline } from '#lib/platform/deadline.ts'
import { AppError, toAppError } from '#lib/platform/errors.ts'
import { INERT_POLICY } from '#lib/platform/http/security-headers.ts'
import { newId } from '#lib/platform/ids.ts'
import { type JsonLimits, JsonMeter, REQUEST_LIMITS } from '#lib/platform/json/json-meter.ts'
import { findRequestLanguage } from '#lib/platform/language/request-language.ts'
import { translateSentence } from '#lib/platform/language/translate-sentence.ts'
import { log, withLogContext } from '#lib/platform/log.ts'

// Set here and not in next.config.ts, whose headers replace those of a route.
const INERT = { 'content-security-policy': INERT_POLICY }

/** A JSON response that no cache keeps and no browser runs. */
export function jsonResponse(
  data: unknown,
  init: { status?: number; headers?: Record<string, string> } = {},
): Response {
  return Response.json(data, {
    status: init.status ?? 200,
    headers: { 'cache-control': 'no-store', ...INERT, ...init.headers },
  })
}

/**
 * The error response of every JSON route: `{ message, code, request_id }`, and the `field` of the
 * request that does not fit, if there is one. `message` is the sentence in the reader's language.
 */
export function errorResponse(error: AppError, requestId: string, message = error.message): Response {
  const headers: Record<string, string> = { 'x-request-id': requestId }
  if (error.retryAfter !== undefined) headers['retry-after'] = String(error.retryAfter)
  return jsonResponse(
    { message, code: error.code, request_id: requestId, ...(error.field && { field: error.field }) },
    { status: error.status, headers },
  )
}

/** The caller's `x-request-id` if it is harmless, else a new request id. */
export function findRequestId(request: Request): string {
  const given = request.headers.get('x-request-id')
  return given && /^[\w.-]{8,64}$/.test(given) ? given : newId('req')
}

/**
 * Answers a request with what `handler` returns. Gives the request an id, and the response a
 * Content-Security-Policy that lets nothing in it run, unless the response has one already. Turns
 * thrown errors into JSON responses and logs them. `route` (lib/auth/route.ts), which makes the
 * routes, calls this.
 */
export function answerRequest(request: Request, handler: () => Promise<Response>): Promise<Response> {
  const requestId = findRequestId(request)
  return withLogContext({ request_id: requestId }, async () => {
    try {
      const response = await handler()
      response.headers.set('x-request-id', requestId)
      for (const [name, value] of Object.entries(INERT))
        if (!response.headers.has(name)) response.headers.set(name, value)
      return response
    } catch (thrown) {
      const error = toAppError(thrown)
      log[error.status >= 500 ? 'error' : 'info'](
        { error: thrown, code: error.code, method: request.method, path: new URL(request.url).pathname },
        'request refused',
      )
      const language = findRequestLanguage(request.headers)
      return errorResponse(error, requestId, await translateSentence(language, error.message))
    }
  })
}

/**
 * Refuses a state-changing request from another site's page. Browsers send `Sec-Fetch-Site` and
 * `Origin`, which a page cannot forge. Requests from scripts have neither header and carry no
 * browser cookie. Throws forbidden.
 */
export function requireSameOrigin(request: Request, appUrl: string): void {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  const foreign =
    (site !== null && site !== 'same-origin' && site !== 'none') ||
    (origin !== null && origin !== new URL(appUrl).origin)
  if (foreign)
    throw new AppError('forbidden', `This request came from another site. Open ${appUrl} and try again there.`)
}

/**
 * A body larger than this (bytes) is parsed and checked in turns of the event loop of its own, between
 * which other requests go on.
 */
const LARGE_BYTES = 500_000

/** Timeouts (ms) for a body: `idle` without any data of it, `whole` for all of it. */
export const BODY_MS = { idle: 20_000, whole: 300_000 }

/**
 * Reads the body up to `maxBytes`. Throws too_large, and bad_request if it does not arrive in time.
 */
export async function readBytes(request: Request, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readChunks(request, maxBytes)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Yields the body in the chunks in which it arrives, `maxBytes` at most. */
export async function* readChunks(request: Request, maxBytes: number): AsyncGenerator<Uint8Array> {
  const tooLarge = () => new AppError('too_large', `The request is larger than ${sizeOf(maxBytes)}.`)
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge()
  let size = 0
  for await (const chunk of request.body ? readWithDeadline(request.body) : []) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge()
    yield chunk
  }
}

function sizeOf(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.floor(bytes / 1_000)} kB`
  return `${Math.floor(bytes / 100_000) / 10} MB`
}

async function* readWithDeadline(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  const tooSlow = () => {
    throw new AppError('bad_request', 'The request did not arrive in time. Check your connection and try again.')
  }
  const end = Date.now() + BODY_MS.whole
  try {
    for (;;) {
      const left = Math.min(BODY_MS.idle, end - Date.now())
      const { done, value } = await withDeadline(reader.read(), left, tooSlow)
      if (done) return
      yield value
    }
  } finally {
    // Nothing reads what the sender still sends.
    void reader.cancel().catch(() => undefined)
  }
}

/**
 * Reads the body as text, up to `maxBytes`. Throws too_large, and bad_request if it does not arrive
 * in time.
 */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  return (await readBytes(request, maxBytes)).toString('utf8')
}

/** Reads the JSON body, up to `maxBytes`. Throws unsupported_type, too_large or bad_request. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  return (await readSizedJson(request, maxBytes)).value
}

/**
 * Like `readJson`, but also returns the size (bytes). A body that exceeds REQUEST_LIMITS is refused
 * before it is parsed.
 */
export async function readSizedJson(request: Request, maxBytes: number): Promise<{ value: unknown; bytes: number }> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new AppError('unsupported_type', 'Send the request as application/json.')
  const meter = new JsonMeter()
  // Measured and decoded chunk by chunk, because a large body at once would block other requests.
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of readChunks(request, maxBytes)) {
    const excess = meter.feed(chunk)
    if (excess) throw tooComplex(excess)
    text += decoder.decode(chunk, { stream: true })
    bytes += chunk.byteLength
  }
  text += decoder.decode()
  if (bytes > LARGE_BYTES) await nextTurn()
  try {
    return { value: JSON.parse(text), bytes }
  } catch (cause) {
    throw new AppError('bad_request', 'The request is not valid JSON.', { cause })
  } finally {
    if (bytes > LARGE_BYTES) await nextTurn()
  }
}

/** The error for JSON that exceeds a limit of its meter. */
export function tooComplex(excess: keyof JsonLimits): AppError {
  const { values, depth } = REQUEST_LIMITS
  if (excess === 'depth') return new AppError('bad_request', `The request is nested deeper than ${depth} levels.`)
  if (excess === 'escapes')
    return new AppError('too_large', 'The request has too many escaped characters in its texts.')
  return new AppError('too_large', `The request has more than ${values.toLocaleString('en')} values.`)
}
