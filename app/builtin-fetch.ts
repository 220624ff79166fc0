import { keepSignal } from '#lib/platform/http/keep-signal.ts'
import { handleMcp } from '#mcp/endpoint.ts'

/** Our own MCP endpoint without a socket: the same request and the same response. */
export const builtinFetch: typeof fetch = (input, init) => handleMcp(keepSignal(new Request(input, init)))
