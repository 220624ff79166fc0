import { CLIENT_INFO_META_KEY, ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server'
import type { Caller } from '#lib/auth/caller.ts'
import { type ClientInfo, toClientInfo } from '#mcp/client-info.ts'
import type { Tool } from '#mcp/define-tool.ts'
import { runTool, SERVER } from '#mcp/run-tool.ts'

/** The same as in package.json; a test keeps it so. */
export const VERSION = '0.1.0'

const INSTRUCTIONS =
  'Tasks and notes of the person whose token is used. People name tasks by their number. ' +
  "Dates are on the person's own clock: call whoami for their time zone and the current time."

// The tools change only with a new release.
const LIST_TTL_MS = 300_000

/** Tools by name, in the order in which they are listed. */
export type Tools = ReadonlyMap<string, Tool>

/**
 * The MCP server of one request, for one caller: a server that lived longer could mix up clients. `client` is what the
 * session id told; a client that names itself in the request itself is believed instead.
 */
export function makeServer(tools: Tools, { caller, client }: { caller: Caller; client: ClientInfo }): Server {
  const cacheHint = { ttlMs: LIST_TTL_MS, cacheScope: 'private' } as const
  const server = new Server(
    { name: SERVER, title: 'Switchboard', version: VERSION },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS, cacheHints: { 'tools/list': cacheHint, 'server/discover': cacheHint } },
  )
  const listing = { tools: [...tools.values()].map((tool) => tool.listing) }
  server.setRequestHandler('tools/list', () => listing)
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const tool = tools.get(params.name)
    if (!tool) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name.slice(0, 100)}. Call tools/list.`)
    const envelope: Record<string, unknown> = mcpReq.envelope ?? {}
    const told = toClientInfo(envelope[CLIENT_INFO_META_KEY])
    return runTool({ tool, args: params.arguments ?? {}, caller, client: told.name ? told : client })
  })
  return server
}
