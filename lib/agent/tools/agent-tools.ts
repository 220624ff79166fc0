import {
  defineToolInputGuardrail,
  type FunctionTool,
  getAllMcpTools,
  ToolGuardrailFunctionOutputFactory,
} from '@openai/agents'
import type { OfferedTool } from '#lib/agent/approvals/approval-rules.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import { removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'

/**
 * The tools of these servers as function tools of the agent, because the SDK can interrupt only
 * those. `mustAsk` reviews each call. If `whyNot` has a sentence for a call, the model gets it
 * instead of a result.
 */
export async function toAgentTools<Context>(
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

/**
 * The arguments of a call (JSON) as they are sent. Parameters that the session fills in appear as
 * "you", whatever the model wrote for them.
 */
export function toSentArguments(connections: ToolConnection[], call: { name: string; arguments: string }): string {
  const { connection, tool } = findOffered(connections, call.name) ?? {}
  if (!connection || !tool || !connection.server.config?.bound.length) return call.arguments
  const args = parsedObject(call.arguments)
  if (!args) return call.arguments
  const filledIn = Object.fromEntries(connection.filledIn(tool.name).map((parameter) => [parameter, 'you']))
  return JSON.stringify({ ...filledIn, ...removeBoundArguments(args, connection.server) })
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text || '{}')
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    // Not JSON: the call is not made, and its line in the chat says so.
    return undefined
  }
}
