import type { MCPCallToolOptions } from '@openai/agents'
import type { Progress } from '#lib/mcp-client/progress.ts'
import type { Result } from '#lib/mcp-client/results.ts'
import type { McpTool } from '#lib/mcp-client/tool-lists.ts'

// What the Agents SDK's MCP server cannot do by itself.

/** The part of the SDK's inner server that sends a call: its own way of calling asks for no progress. */
type Sender = {
  callToolWithClient: (
    client: { callTool: (params: unknown, options?: object) => Promise<unknown> },
    tool: string,
    args: unknown,
    meta: unknown,
    options?: MCPCallToolOptions & { onprogress?: (progress: Progress) => void; timeout?: number },
  ) => Promise<Result>
}

/** The SDK complains on the console about every schema that says aloud what is true anyway: that more properties are allowed. */
export function withQuietSchema(tool: McpTool): McpTool {
  const copy = structuredClone(tool)
  const schema: { additionalProperties?: unknown } = copy.inputSchema ?? {}
  if (schema.additionalProperties === true) delete schema.additionalProperties
  return copy
}

/** Makes the SDK's server hand progress and a deadline of ours to its client with each call. */
export function askForProgress(server: object): void {
  const sender = (server as { underlying: Sender }).underlying
  const send = sender.callToolWithClient.bind(sender)
  sender.callToolWithClient = (client, tool, args, meta, options) => {
    const { onprogress, timeout } = options ?? {}
    const asking = { callTool: (params: unknown, given?: object) => client.callTool(params, { ...given, onprogress, timeout }) }
    return send(asking, tool, args, meta, options)
  }
}
