import { randomUUID } from 'node:crypto'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { encodeEvent } from '#lib/platform/http/sent-events.ts'
import { log } from '#lib/platform/log.ts'

type Id = string | number
type Message = { jsonrpc: '2.0'; id?: Id; method?: string; params?: Record<string, unknown> }
type Controller = ReadableStreamDefaultController<Uint8Array>
/** An open request. `heard` is called with the first message for it. */
type Waiting = { controller: Controller; heard: () => void }
/**
 * `waiting`: the open requests, by id. `ears`: the listeners for messages that belong to no
 * request.
 */
type Open = { transport: SSEClientTransport; waiting: Map<Id, Waiting>; ears: Set<Controller> }

/** The server refused a request, by the HTTP status of its POST. */
class NotTaken extends Error {
  readonly response: Response

  constructor(response: Response) {
    super(`HTTP ${response.status}`)
    this.name = 'NotTaken'
    this.response = response
  }
}

const METHOD_NOT_FOUND = -32601
const SESSION = 'mcp-session-id'

/**
 * Makes an HTTP+SSE server (revision 2024-11-05) look like a Streamable HTTP one: a `fetch` that
 * talks to it through the older transport. The answer to each request, with the progress before it,
 * is one event stream. Messages that belong to no request come by a GET. A DELETE ends the
 * connection.
 */
export function sseBridge(send: typeof fetch): typeof fetch {
  let open: Promise<Open> | undefined
  const session = randomUUID()
  return async (input, init) => {
    const request = new Request(input, init)
    if (request.method === 'DELETE') {
      const ending = open
      open = undefined
      await (await ending?.catch(() => undefined))?.transport.close()
      return new Response(null, { status: 204 })
    }
    if (request.method === 'GET' && open) return listen(await open, session)
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    const message = (await request.json()) as Message
    if (message.method === 'server/discover')
      return answer({ id: message.id, error: { code: METHOD_NOT_FOUND, message: 'Method not found' } })
    // A broken stream has lost its session. An intact one is abandoned by a client that starts
    // anew.
    if (message.method === 'initialize') {
      const before = open
      open = undefined
      void before?.then(({ transport }) => transport.close()).catch(() => undefined)
    } else if (!open) return new Response('Session not found', { status: 404 })
    const opening =
      open ??
      start(request, send, () => {
        if (open === opening) open = undefined
      })
    open = opening
    const { transport, waiting } = await opening.catch((error) => {
      if (open === opening) open = undefined
      throw error
    })
    const { id } = message
    if (id === undefined || message.method === undefined) {
      await transport.send(message as never)
      return new Response(null, { status: 202 })
    }
    const heard = Promise.withResolvers<undefined>()
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => void waiting.set(id, { controller, heard: () => heard.resolve(undefined) }),
      cancel: () => void waiting.delete(id),
    })
    request.signal.addEventListener('abort', () => waiting.delete(id), { once: true })
    const sent = transport.send(message as never).catch((error) => {
      // Once a message was heard, the POST is no longer awaited, so its error goes to the stream.
      waiting.get(id)?.controller.error(error)
      waiting.delete(id)
      return error instanceof NotTaken ? error.response : Promise.reject(error)
    })
    // A message for the request is enough, even if the server answers the POST late or never.
    const notTaken = await Promise.race([sent, heard.promise])
    if (notTaken) return notTaken
    return streamResponse(stream, session)
  }
}

function listen({ ears }: Open, session: string): Response {
  let ear: Controller | undefined
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      ear = controller
      ears.add(controller)
    },
    cancel: () => void (ear && ears.delete(ear)),
  })
  return streamResponse(stream, session)
}

function streamResponse(stream: ReadableStream<Uint8Array>, session: string): Response {
  return new Response(stream, { headers: { 'content-type': 'text/event-stream', [SESSION]: session } })
}

/**
 * Opens the stream for the first request. Gives up when that request is aborted, as happens if the
 * server never says where to post.
 */
async function start({ url, signal }: Request, send: typeof fetch, onGone: () => void): Promise<Open> {
  const post: typeof fetch = async (input, init) => {
    const response = await send(input, init)
    if (init?.method === 'POST' && !response.ok) throw new NotTaken(response)
    return response
  }
  const transport = new SSEClientTransport(new URL(url), {
    fetch: post as never,
    eventSourceInit: { fetch: send as never },
  })
  const waiting: Open['waiting'] = new Map()
  const ears: Open['ears'] = new Set()
  const end = (error: Error) => {
    onGone()
    for (const { controller } of waiting.values()) controller.error(error)
    for (const ear of ears) ear.error(error)
    waiting.clear()
    ears.clear()
  }
  transport.onmessage = (message) => {
    const { id, method, params } = message as Message
    // An answer with an unknown id can only be a malformed one for the only open request.
    const stray = method === undefined && id !== undefined && !waiting.has(id) && waiting.size === 1
    const [only] = stray ? waiting.keys() : []
    const { controller, heard } = waiting.get(only ?? id ?? tokenOf(params) ?? '') ?? {}
    if (!controller) {
      if (method !== undefined) for (const ear of ears) ear.enqueue(event(message))
      return
    }
    controller.enqueue(event(message))
    heard?.()
    if (method !== undefined || id === undefined) return
    waiting.delete(only ?? id)
    controller.close()
  }
  transport.onclose = () => end(Object.assign(new Error('the event stream ended'), { code: 'ECONNRESET' }))
  transport.onerror = (error) => {
    log.debug({ error }, 'HTTP+SSE transport error')
    // The event source would reconnect to a new session, which knows nothing of the open requests.
    if ('event' in error) void transport.close()
  }
  const given = Promise.withResolvers<never>()
  const giveUp = () => {
    given.reject(signal.reason)
    void transport.close()
  }
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    await Promise.race([transport.start(), given.promise])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
  return { transport, waiting, ears }
}

/** The progress token, which the SDK's clients set to the request's id. */
function tokenOf(params?: Record<string, unknown>): Id | undefined {
  const token = params?.progressToken
  return typeof token === 'string' || typeof token === 'number' ? token : undefined
}

const event = (message: unknown) => encodeEvent({ event: 'message', data: JSON.stringify(message) })
const answer = (body: object) => Response.json({ jsonrpc: '2.0', ...body })
