import type {
  AuthInfo,
  JSONRPCMessage,
  McpServer,
  MessageExtraInfo,
  Server,
  Transport,
} from '@modelcontextprotocol/server'
import { log } from '#lib/platform/log.ts'
import type { Message } from '#mcp/message.ts'

/** True where the answer may come in pieces: the client wants to hear how far the work is. */
export function wantsProgress({ params }: Message): boolean {
  return (params?._meta as { progressToken?: unknown } | undefined)?.progressToken !== undefined
}

/**
 * Answers one request of a client of the revisions before 2026-07-28 in plain JSON, where the SDK's own way is always an event
 * stream. `server` serves this request alone; nothing holds it afterwards, so that closing it would only cost. `message` must
 * be a valid JSON-RPC request.
 */
export async function answerPlainly(
  server: Server | McpServer,
  message: Message,
  { authInfo, signal }: { authInfo: AuthInfo; signal: AbortSignal },
): Promise<Response> {
  const exchange = new Exchange()
  // Tells the handler, by its own signal, that nobody waits any more.
  const leave = () => void server.close().catch((error) => log.warn({ error }, 'an mcp server did not close'))
  signal.addEventListener('abort', leave, { once: true })
  await server.connect(exchange)
  exchange.onmessage?.(message as JSONRPCMessage, { authInfo })
  const response = await exchange.answer
  signal.removeEventListener('abort', leave)
  return response
}

/** A transport for one request: the first response ends it. */
class Exchange implements Transport {
  onmessage?: (message: JSONRPCMessage, extra?: MessageExtraInfo) => void
  onclose?: () => void
  readonly #settled = Promise.withResolvers<Response>()

  get answer(): Promise<Response> {
    return this.#settled.promise
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    // Notifications have no place in a plain answer.
    if (!('method' in message)) this.#settled.resolve(Response.json(message))
  }

  async close(): Promise<void> {
    this.#settled.resolve(new Response(null, { status: 499 }))
    this.onclose?.()
  }
}
