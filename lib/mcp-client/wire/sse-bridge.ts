import { randomUUID } from 'node:crypto'
import { encodeEvent, readBodyEvents, type SentEvent } from '#lib/platform/http/sent-events.ts'
import { log } from '#lib/platform/log.ts'

type Id = string | number
type Message = { id?: Id; method?: string; params?: Record<string, unknown> }
type Controller = ReadableStreamDefaultController<Uint8Array>
/** An open request. `heard` is called with the first message for it. */
type Waiting = { controller: Controller; heard: () => void }

const METHOD_NOT_FOUND = -32601
const SESSION = 'mcp-session-id'

/**
 * Makes an HTTP+SSE server (revision 2024-11-05) look like a Streamable HTTP one: a `fetch` that
 * posts each message where the server says, and takes the answers from the server's one event
 * stream. The answer to each request, with the progress before it, is one event stream. Messages
 * that belong to no request come by a GET. A DELETE closes the server's stream, as an aborted
 * handshake does.
 */
export function sseBridge(send: typeof fetch): typeof fetch {
  const sessions = new Map<string, SseSession>()
  return async (input, init) => {
    const request = new Request(input, init)
    const session = sessions.get(request.headers.get(SESSION) ?? '')
    if (request.method === 'DELETE') {
      session?.close()
      return new Response(null, { status: 204 })
    }
    if (request.method === 'GET' && session) return session.listen()
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    const text = await request.text()
    const message = JSON.parse(text) as Message
    const { id, method } = message
    if (method === 'server/discover') {
      const error = { code: METHOD_NOT_FOUND, message: 'Method not found' }
      return Response.json({ jsonrpc: '2.0', id, error })
    }
    const signal = init?.signal ?? undefined
    if (method !== 'initialize')
      return session ? session.post(message, text, signal) : new Response('Session not found', { status: 404 })
    const begun = await beginSession(request.url, send, signal)
    if (begun instanceof Response) return begun
    sessions.set(begun.id, begun)
    void begun.ended.then(() => sessions.delete(begun.id))
    signal?.addEventListener('abort', () => begun.close(), { once: true })
    return begun.post(message, text, signal)
  }
}

/**
 * Opens the server's event stream and waits until it says where to post. Returns the server's
 * answer if that is no event stream. Gives up when `signal` aborts.
 */
async function beginSession(
  url: string,
  send: typeof fetch,
  signal: AbortSignal | undefined,
): Promise<SseSession | Response> {
  const end = new AbortController()
  const giveUp = () => end.abort(signal?.reason)
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    signal?.throwIfAborted()
    const response = await send(url, { headers: { accept: 'text/event-stream' }, signal: end.signal })
    const isStream = /text\/event-stream/i.test(response.headers.get('content-type') ?? '')
    if (!response.ok || !response.body || !isStream) return response
    const events = readBodyEvents(response.body)
    while (true) {
      const { value, done } = await events.next()
      if (done) throw toStreamEnd()
      if (value.event !== 'endpoint') continue
      const endpoint = new URL(value.data, url)
      if (endpoint.origin !== new URL(url).origin) throw new Error('the server wants its messages at another origin')
      return new SseSession({ endpoint, send, events, end })
    }
  } catch (error) {
    end.abort()
    throw error
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

type Begun = {
  endpoint: URL
  send: typeof fetch
  events: AsyncGenerator<SentEvent, void>
  /** Aborts all requests of the session. */
  end: AbortController
}

/** One event stream of a server, and the requests whose answers come by it. */
class SseSession {
  readonly id = randomUUID()
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>
  readonly #begun: Begun
  /** The open requests, by id. */
  readonly #waiting = new Map<Id, Waiting>()
  /** The listeners for messages that belong to no request. */
  readonly #ears = new Set<Controller>()

  constructor(begun: Begun) {
    this.#begun = begun
    this.ended = this.#read()
  }

  close(): void {
    this.#begun.end.abort()
  }

  async post(message: Message, text: string, signal: AbortSignal | undefined): Promise<Response> {
    const { id, method } = message
    const sent = this.#send(text, signal)
    if (id === undefined || method === undefined) return (await sent) ?? new Response(null, { status: 202 })
    const heard = Promise.withResolvers<undefined>()
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => void this.#waiting.set(id, { controller, heard: () => heard.resolve(undefined) }),
      cancel: () => void this.#waiting.delete(id),
    })
    signal?.addEventListener('abort', () => this.#waiting.delete(id), { once: true })
    // Once a message was heard, the POST is no longer awaited, so its failure goes to the stream.
    sent.then(
      (refused) => refused && this.#fail(id, new Error(`HTTP ${refused.status}`)),
      (error) => this.#fail(id, error),
    )
    // A message for the request is enough, even if the server answers the POST late or never.
    const refused = await Promise.race([sent, heard.promise])
    return refused ?? this.#respond(stream)
  }

  listen(): Response {
    let ear: Controller | undefined
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        ear = controller
        this.#ears.add(controller)
      },
      cancel: () => void (ear && this.#ears.delete(ear)),
    })
    return this.#respond(stream)
  }

  #respond(stream: ReadableStream<Uint8Array>): Response {
    return new Response(stream, { headers: { 'content-type': 'text/event-stream', [SESSION]: this.id } })
  }

  /** Posts a message. Resolves to the server's answer if it refuses the message. */
  async #send(body: string, signal: AbortSignal | undefined): Promise<Response | undefined> {
    const { endpoint, send, end } = this.#begun
    const response = await send(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.any([end.signal, ...(signal ? [signal] : [])]),
    })
    if (!response.ok) return response
    await response.body?.cancel()
    return undefined
  }

  /** Reads the stream to its end. Never throws. */
  async #read(): Promise<void> {
    let error: unknown = toStreamEnd()
    try {
      for await (const { event = 'message', data } of this.#begun.events)
        if (data && event === 'message') this.#take(data)
    } catch (cause) {
      error = cause
    }
    for (const { controller } of this.#waiting.values()) controller.error(error)
    for (const ear of this.#ears) ear.error(error)
    this.#waiting.clear()
    this.#ears.clear()
    // A new stream would know nothing of the open requests, so none is opened.
    this.#begun.end.abort()
  }

  #take(data: string): void {
    const message = parsed(data)
    if (!message) {
      log.debug('an HTTP+SSE server sent what is no message')
      return
    }
    const { id, method, params } = message
    // An answer with an unknown id can only be a malformed one for the only open request.
    const isStray = method === undefined && id !== undefined && !this.#waiting.has(id) && this.#waiting.size === 1
    const [only] = isStray ? this.#waiting.keys() : []
    const key = only ?? id ?? tokenOf(params) ?? ''
    const waiting = this.#waiting.get(key)
    if (!waiting) {
      if (method !== undefined) for (const ear of this.#ears) ear.enqueue(event(message))
      return
    }
    waiting.controller.enqueue(event(message))
    waiting.heard()
    if (method !== undefined || id === undefined) return
    this.#waiting.delete(key)
    waiting.controller.close()
  }

  #fail(id: Id, error: unknown): void {
    this.#waiting.get(id)?.controller.error(error)
    this.#waiting.delete(id)
  }
}

/** The progress token, which the SDK's clients set to the request's id. */
function tokenOf(params?: Record<string, unknown>): Id | undefined {
  const token = params?.progressToken
  return typeof token === 'string' || typeof token === 'number' ? token : undefined
}

function parsed(data: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(data)
    return value !== null && typeof value === 'object' ? value : undefined
  } catch {
    // The caller handles what is not JSON.
    return undefined
  }
}

const event = (message: Message) => encodeEvent({ event: 'message', data: JSON.stringify(message) })
const toStreamEnd = () => Object.assign(new Error('the event stream ended'), { code: 'ECONNRESET' })
