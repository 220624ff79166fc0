import {
  type McpHandlerRequestOptions,
  type McpServer,
  type Server,
  WebStandardStreamableHTTPServerTransport as Transport,
} from '@modelcontextprotocol/server'
import { log } from '#lib/log.ts'
import type { Message } from '#mcp/message.ts'

/** True where the answer may come in pieces: the client wants to hear how far the work is. */
export function wantsProgress({ params }: Message): boolean {
  return (params?._meta as { progressToken?: unknown } | undefined)?.progressToken !== undefined
}

/**
 * Answers one request of a client of the revisions before 2026-07-28 in plain JSON. The SDK's own way for them is always an
 * event stream. `server` serves this request alone; nothing holds it afterwards, so that closing it would only cost.
 */
export async function answerPlainly(server: Server | McpServer, request: Request, options: McpHandlerRequestOptions): Promise<Response> {
  const transport = new Transport({ sessionIdGenerator: undefined, enableJsonResponse: true })
  transport.onerror = ({ message }) => log.info({ reason: message.slice(0, 300) }, 'mcp request refused')
  const { promise: gone, resolve } = Promise.withResolvers<Response>()
  const leave = () => {
    resolve(new Response(null, { status: 499 }))
    // Tells the handler, by its signal, that nobody waits any more.
    server.close().catch((error) => log.warn({ error }, 'an mcp server did not close'))
  }
  request.signal.addEventListener('abort', leave, { once: true })
  await server.connect(transport)
  const response = await Promise.race([transport.handleRequest(request, options), gone])
  request.signal.removeEventListener('abort', leave)
  return response
}
