import { defineToolInputGuardrail, type FunctionTool, getAllMcpTools, ToolGuardrailFunctionOutputFactory } from '@openai/agents'
import type { OfferedTool } from '#lib/agent/approval-rules.ts'
import type { ToolConnection } from '#lib/mcp-client/connection.ts'

/**
 * The tools of these servers as the agent takes them, with `mustAsk` as the judge of each call. The SDK can hold back function
 * tools alone, so that the servers' tools are made into such. A call for which `whyNot` has a sentence is answered with it.
 */
export async function agentTools<Context>(
  connections: ToolConnection[],
  mustAsk: (offered: OfferedTool, args: unknown, call: { callId: string; name: string }) => boolean,
  whyNot: (callId: string) => string | undefined,
): Promise<FunctionTool<Context>[]> {
  const all = await getAllMcpTools<Context>(connections)
  const tools = all.filter((tool): tool is FunctionTool<Context> => tool.type === 'function')
  const makeable = defineToolInputGuardrail<Context>({
    name: 'makeable',
    run: async ({ toolCall }) => {
      const sentence = whyNot(toolCall.callId)
      return sentence === undefined
        ? ToolGuardrailFunctionOutputFactory.allow()
        : ToolGuardrailFunctionOutputFactory.rejectContent(sentence)
    },
  })
  for (const tool of tools) {
    const { name } = tool
    const offered = findOffered(connections, name)
    tool.needsApproval = async (_context, args, callId = '') =>
      offered !== undefined && whyNot(callId) === undefined && mustAsk(offered, args, { callId, name })
    tool.inputGuardrails = [makeable]
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
