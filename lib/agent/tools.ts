import { type FunctionTool, getAllMcpTools } from '@openai/agents'
import type { OfferedTool } from '#lib/agent/approval-rules.ts'
import type { ToolConnection } from '#lib/mcp-client/connection.ts'

/**
 * The tools of these servers as the agent takes them, with `mustAsk` as the judge of each call. The SDK can hold back function
 * tools alone, so that the servers' tools are made into such.
 */
export async function agentTools<Context>(
  connections: ToolConnection[],
  mustAsk: (offered: OfferedTool, args: unknown, call: { callId: string; name: string }) => boolean,
): Promise<FunctionTool<Context>[]> {
  const all = await getAllMcpTools<Context>(connections)
  const tools = all.filter((tool): tool is FunctionTool<Context> => tool.type === 'function')
  for (const tool of tools) {
    const { name } = tool
    const offered = findOffered(connections, name)
    tool.needsApproval = async (_context, args, callId = '') => offered !== undefined && mustAsk(offered, args, { callId, name })
  }
  return tools
}

/** The tool behind a name that the model uses. */
export function findOffered(connections: ToolConnection[], publicName: string): OfferedTool | undefined {
  for (const connection of connections) {
    const offered = connection.offered(publicName)
    if (offered) return { connection, ...offered }
  }
  return undefined
}
