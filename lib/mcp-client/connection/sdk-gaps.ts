import type { MCPCallToolOptions } from '@openai/agents'
import type { Progress } from '#lib/mcp-client/calls/progress.ts'
import type { Result } from '#lib/mcp-client/calls/results.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

// Works around what the Agents SDK's MCP server cannot do by itself.

/** The inner MCP client, as far as we use it. */
type Session = {
  listTools: (params: undefined, options: object) => Promise<{ tools: McpTool[]; ttlMs?: unknown }>
  getServerCapabilities: () => { tools?: { listChanged?: boolean } } | undefined
  setNotificationHandler: (method: string, handler: () => void) => void
}

type Inner = {
  session: Session | null
  /**
   * Sends a call. The SDK's own calls ask for no progress, and do not know tools that were listed
   * in an earlier run.
   */
  callToolWithClient: (
    client: { callTool: (params: unknown, options?: object) => Promise<unknown> },
    tool: string,
    args: unknown,
    meta: unknown,
    options?: MCPCallToolOptions & SentAlong,
  ) => Promise<Result>
}

/** Options that are passed along with a call. */
export type SentAlong = { onprogress?: (progress: Progress) => void; timeout?: number; toolDefinition?: McpTool }

/** A listing with the fields that the SDK drops. */
export type Listing = {
  tools: McpTool[]
  /** How long (ms) the server says the list is valid. */
  ttlMs?: number
  /** The server announces changes of the list. */
  announced: boolean
}

const innerOf = (server: object) => (server as { underlying: Inner }).underlying

/**
 * Removes `additionalProperties: true`, which is the default anyway. The SDK prints a complaint for
 * every schema that states it.
 */
export function withQuietSchema(tool: McpTool): McpTool {
  const { additionalProperties, ...inputSchema } = tool.inputSchema as McpTool['inputSchema'] & {
    additionalProperties?: unknown
  }
  return additionalProperties === true ? { ...tool, inputSchema: inputSchema as McpTool['inputSchema'] } : tool
}

/** Makes the SDK's server pass `SentAlong` options to its client with each call. */
export function sendAlong(server: object): void {
  const inner = innerOf(server)
  const send = inner.callToolWithClient.bind(inner)
  inner.callToolWithClient = (client, tool, args, meta, options) => {
    const { onprogress, timeout, toolDefinition } = options ?? {}
    const along = { onprogress, timeout, toolDefinition }
    return send(
      { callTool: (params, given) => client.callTool(params, { ...given, ...along }) },
      tool,
      args,
      meta,
      options,
    )
  }
}

/**
 * All tools that a connected server lists. Throws what the MCP client throws, after at most
 * `timeout` ms.
 */
export async function listing(server: object, timeout: number): Promise<Listing> {
  const { session } = innerOf(server)
  if (!session) throw new Error('the connection was closed')
  const offers = session.getServerCapabilities()?.tools
  if (!offers) return { tools: [], announced: false }
  const { tools, ttlMs } = await session.listTools(undefined, { timeout, cacheMode: 'bypass' })
  return { tools, ...(typeof ttlMs === 'number' && { ttlMs }), announced: offers.listChanged === true }
}

/**
 * Calls `changed` when a connected server announces on this connection that its tools have changed.
 */
export function onListChanged(server: object, changed: () => void): void {
  innerOf(server).session?.setNotificationHandler('notifications/tools/list_changed', changed)
}
