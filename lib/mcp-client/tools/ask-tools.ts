import type { ServerSession } from '#lib/mcp-client/sessions/server-session.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { log } from '#lib/platform/log.ts'

/** A server's list of its tools. */
export type Listing = {
  tools: McpTool[]
  /** How long (ms) the server says the list is valid. */
  ttlMs?: number
  /** The server announces changes of the list. */
  announced: boolean
}

/**
 * Asks a server for its tools, in a session that opens if needed. What is not usable among them is
 * put into `leftOut` meanwhile; it is logged and taken out. Throws what the SDK throws.
 */
export async function askTools(
  { name }: { name: string },
  session: ServerSession,
  { timeoutMs, leftOut = [] }: { timeoutMs: number; leftOut?: object[] | undefined },
): Promise<Listing> {
  await session.open()
  const { client } = session
  const offers = client.getServerCapabilities()?.tools
  if (!offers) return { tools: [], announced: false }
  const { tools, ttlMs } = await client.listTools(undefined, { timeout: timeoutMs, cacheMode: 'bypass' })
  const left = leftOut.splice(0)
  if (left.length > 0) log.warn({ server: name, left_out: left.slice(0, 20) }, 'tools of an MCP server are left out')
  return {
    tools: tools as McpTool[],
    ...(typeof ttlMs === 'number' && { ttlMs }),
    announced: offers.listChanged === true,
  }
}
