import { randomUUID } from 'node:crypto'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { log } from '#lib/platform/log.ts'

type Id = string | number
type Message = { jsonrpc: '2.0'; id?: Id; method?: string; params?: Record<string, unknown> }
type Controller = ReadableStreamDefaultController<Uint8Array>
/** An answer that is on its way; `heard` is told of the first that comes of it. */
type Waiting = { controller: Controller; heard: () => void }
/** `waiting`: the answers that are on their way. `ears`: who listens for what belongs to no request. */
type Open = { transport: SSEClientTransport; waiting: Map<Id, Waiting>; ears: Set<Controller> }

/** The server did not take a request, by the status that it gave to it. */
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
 * An HTTP+SSE server (revision 2024-11-05) behind the face of a Streamable HTTP one: a `fetch` for the client that speaks to it
 * through the older transport. Each request's answer, with the progress before it, is one event stream, and what belongs to no request
 * comes by a GET; a DELETE ends the connection.
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
    // A stream that broke took the session with it; one that did not is left by whoever begins anew.
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
      // Once something was heard, nobody waits for the request itself any more.
      waiting.get(id)?.controller.error(error)
      waiting.delete(id)
      return error instanceof NotTaken ? error.response : Promise.reject(error)
    })
    // What comes of it counts, also where a server answers the request itself late or never.
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

/** Opens the stream for the first request, and gives up with it where the server never says where to post. */
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
    // An answer to nobody can only be a wrong one to whoever waits alone.
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
    // An event source would connect again, to a session that knows nothing of what waits here.
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

/** Requests carry their id as progress token, as the SDK's clients choose it. */
function tokenOf(params?: Record<string, unknown>): Id | undefined {
  const token = params?.progressToken
  return typeof token === 'string' || typeof token === 'number' ? token : undefined
}

const event = (message: unknown) => new TextEncoder().encode(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
const answer = (body: object) => Response.json({ jsonrpc: '2.0', ...body })
