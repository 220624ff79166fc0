import { randomUUID } from 'node:crypto'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { log } from '#lib/log.ts'

type Id = string | number
type Message = { jsonrpc: '2.0'; id?: Id; method?: string; params?: Record<string, unknown> }
type Open = { transport: SSEClientTransport; waiting: Map<Id, ReadableStreamDefaultController<Uint8Array>> }

const METHOD_NOT_FOUND = -32601
const SESSION = 'mcp-session-id'

/**
 * An HTTP+SSE server (revision 2024-11-05) behind the face of a Streamable HTTP one: a `fetch` for the client that speaks to it
 * through the older transport. Each request's answer, with the progress before it, is one event stream; a DELETE ends the connection.
 */
export function sseBridge(send: typeof fetch): typeof fetch {
  let open: Promise<Open> | undefined
  const session = randomUUID()
  return async (input, init) => {
    const request = new Request(input, init)
    if (request.method === 'DELETE') {
      await (await open)?.transport.close()
      open = undefined
      return new Response(null, { status: 204 })
    }
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    const message = (await request.json()) as Message
    if (message.method === 'server/discover')
      return answer({ id: message.id, error: { code: METHOD_NOT_FOUND, message: 'Method not found' } })
    // A stream that broke took the session with it.
    if (message.method === 'initialize') open = undefined
    else if (!open) return new Response('Session not found', { status: 404 })
    open ??= start(new URL(request.url), send, () => {
      open = undefined
    })
    const { transport, waiting } = await open.catch((error) => {
      open = undefined
      throw error
    })
    const { id } = message
    if (id === undefined || message.method === undefined) {
      await transport.send(message as never)
      return new Response(null, { status: 202 })
    }
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => void waiting.set(id, controller),
      cancel: () => void waiting.delete(id),
    })
    request.signal.addEventListener('abort', () => waiting.delete(id), { once: true })
    await transport.send(message as never).catch((error) => {
      waiting.delete(id)
      throw error
    })
    return new Response(stream, { headers: { 'content-type': 'text/event-stream', [SESSION]: session } })
  }
}

async function start(url: URL, send: typeof fetch, onGone: () => void): Promise<Open> {
  const transport = new SSEClientTransport(url, { fetch: send as never, eventSourceInit: { fetch: send as never } })
  const waiting: Open['waiting'] = new Map()
  const end = (error: Error) => {
    onGone()
    for (const controller of waiting.values()) controller.error(error)
    waiting.clear()
  }
  transport.onmessage = (message) => {
    const { id, method, params } = message as Message
    const controller = waiting.get(id ?? tokenOf(params) ?? '')
    if (!controller) return
    controller.enqueue(event(message))
    if (method !== undefined || id === undefined) return
    waiting.delete(id)
    controller.close()
  }
  transport.onclose = () => end(Object.assign(new Error('the event stream ended'), { code: 'ECONNRESET' }))
  transport.onerror = (error) => {
    log.debug({ error }, 'HTTP+SSE transport error')
    // An event source would connect again, to a session that knows nothing of what waits here.
    if ('event' in error) void transport.close()
  }
  await transport.start()
  return { transport, waiting }
}

/** Requests carry their id as progress token, as the SDK's clients choose it. */
function tokenOf(params?: Record<string, unknown>): Id | undefined {
  const token = params?.progressToken
  return typeof token === 'string' || typeof token === 'number' ? token : undefined
}

const event = (message: unknown) => new TextEncoder().encode(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
const answer = (body: object) => Response.json({ jsonrpc: '2.0', ...body })
