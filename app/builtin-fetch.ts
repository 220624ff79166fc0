import { handleMcp } from '#mcp/http.ts'

/** Our own MCP endpoint without a socket: the same request and the same response. */
export const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
