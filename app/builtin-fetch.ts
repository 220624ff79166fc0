import { handleMcp } from '#mcp/http.ts'

/** Our own MCP endpoint without a socket: same request, same response. */
export const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
