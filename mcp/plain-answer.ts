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

/** True if the client asked for progress, so that the answer may be a stream. */
export function wantsProgress({ params }: Message): boolean {
  return (params?._meta as { progressToken?: unknown } | undefined)?.progressToken !== undefined
}

/**
 * Answers one request of a client of the revisions before 2026-07-28 in plain JSON; the SDK would
 * always use an event stream. `server` serves this request alone. It is not closed afterwards:
 * nothing refers to it, so closing would only cost time. `message` must be a valid JSON-RPC
 * request.
 */
export async function answerPlainly(
  server: Server | McpServer,
  message: Message,
  { authInfo, signal }: { authInfo: AuthInfo; signal: AbortSignal },
): Promise<Response> {
  const exchange = new Exchange()
  // Aborts the handler's signal when the client has gone.
  const leave = () => void server.close().catch((error) => log.warn({ error }, 'an mcp server did not close'))
  signal.addEventListener('abort', leave, { once: true })
  await server.connect(exchange)
  exchange.onmessage?.(message as JSONRPCMessage, { authInfo })
  const response = await exchange.answer
  signal.removeEventListener('abort', leave)
  return response
}

/** A transport for one request. The first response ends it. */
class Exchange implements Transport {
  onmessage?: (message: JSONRPCMessage, extra?: MessageExtraInfo) => void
  onclose?: () => void
  readonly #settled = Promise.withResolvers<Response>()

  get answer(): Promise<Response> {
    return this.#settled.promise
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    // A plain answer has no place for notifications.
    if (!('method' in message)) this.#settled.resolve(Response.json(message))
  }

  async close(): Promise<void> {
    this.#settled.resolve(new Response(null, { status: 499 }))
    this.onclose?.()
  }
}
