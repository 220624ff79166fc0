import type { MCPCallToolOptions } from '@openai/agents'
import type { Progress } from '#lib/mcp-client/calls/progress.ts'
import type { Result } from '#lib/mcp-client/calls/results.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

// What the Agents SDK's MCP server cannot do by itself.

/** The MCP client inside, as far as it is needed here. */
type Session = {
  listTools: (params: undefined, options: object) => Promise<{ tools: McpTool[]; ttlMs?: unknown }>
  getServerCapabilities: () => { tools?: { listChanged?: boolean } } | undefined
  setNotificationHandler: (method: string, handler: () => void) => void
}

type Inner = {
  session: Session | null
  /** Sends a call: the SDK's own way of calling asks for no progress, and does not know a tool that was listed in an earlier run. */
  callToolWithClient: (
    client: { callTool: (params: unknown, options?: object) => Promise<unknown> },
    tool: string,
    args: unknown,
    meta: unknown,
    options?: MCPCallToolOptions & SentAlong,
  ) => Promise<Result>
}

/** What goes along with a call. */
export type SentAlong = { onprogress?: (progress: Progress) => void; timeout?: number; toolDefinition?: McpTool }

/** A listing with what the SDK leaves out of it. */
export type Listing = {
  tools: McpTool[]
  /** How long (ms) the server says that it counts. */
  ttlMs?: number
  /** The server says when it changes. */
  announced: boolean
}

const innerOf = (server: object) => (server as { underlying: Inner }).underlying

/** The SDK complains on the console about every schema that says aloud what is true anyway: that more properties are allowed. */
export function withQuietSchema(tool: McpTool): McpTool {
  const { additionalProperties, ...inputSchema } = tool.inputSchema as McpTool['inputSchema'] & {
    additionalProperties?: unknown
  }
  return additionalProperties === true ? { ...tool, inputSchema: inputSchema as McpTool['inputSchema'] } : tool
}

/** Makes the SDK's server hand to its client what goes along with each call. */
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

/** All tools that a connected server lists. Throws what the MCP client throws, after `timeout` ms at the latest. */
export async function listing(server: object, timeout: number): Promise<Listing> {
  const { session } = innerOf(server)
  if (!session) throw new Error('the connection was closed')
  const offers = session.getServerCapabilities()?.tools
  if (!offers) return { tools: [], announced: false }
  const { tools, ttlMs } = await session.listTools(undefined, { timeout, cacheMode: 'bypass' })
  return { tools, ...(typeof ttlMs === 'number' && { ttlMs }), announced: offers.listChanged === true }
}

/** Calls back when a connected server says on this very connection that its tools have changed. */
export function onListChanged(server: object, changed: () => void): void {
  innerOf(server).session?.setNotificationHandler('notifications/tools/list_changed', changed)
}
