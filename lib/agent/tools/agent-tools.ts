import {
  defineToolInputGuardrail,
  type FunctionTool,
  getAllMcpTools,
  ToolGuardrailFunctionOutputFactory,
} from '@openai/agents'
import type { OfferedTool } from '#lib/agent/approvals/approval-rules.ts'
import type { Origin } from '#lib/agent/tools/search/offer-tools.ts'
import { withCallId } from '#lib/mcp-client/calls/call-id.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import { removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'

/** How the calls of a turn are reviewed. */
type Review = {
  /** Resolves to true if a person has to be asked first. */
  mustAsk: (
    offered: OfferedTool,
    args: Record<string, unknown>,
    call: { callId: string; name: string },
  ) => Promise<boolean>
  /** What the model is told instead of a result, if the call may not be made. */
  findRefusal: (callId: string) => string | undefined
  /** The same for a call that cannot be made at all, so that there is nothing to review. */
  whyUnmakeable: (callId: string) => string | undefined
}

/**
 * The tools of these servers as function tools of the agent, because the SDK can interrupt only
 * those. Each call is reviewed, and is made under the model's id of it.
 */
export async function toAgentTools<Context>(
  connections: ToolConnection[],
  { mustAsk, findRefusal, whyUnmakeable }: Review,
): Promise<FunctionTool<Context>[]> {
  const all = await getAllMcpTools<Context>(connections)
  const tools = all.filter((tool): tool is FunctionTool<Context> => tool.type === 'function')
  const makeable = defineToolInputGuardrail<Context>({
    name: 'makeable',
    run: async ({ toolCall }) => {
      const sentence = whyUnmakeable(toolCall.callId) ?? findRefusal(toolCall.callId)
      return sentence === undefined
        ? ToolGuardrailFunctionOutputFactory.allow()
        : ToolGuardrailFunctionOutputFactory.rejectContent(sentence)
    },
  })
  for (const tool of tools) {
    const { name, invoke } = tool
    const offered = findOffered(connections, name)
    tool.needsApproval = async (_context, args: unknown, callId = '') =>
      offered !== undefined &&
      whyUnmakeable(callId) === undefined &&
      mustAsk(offered, args as Record<string, unknown>, { callId, name })
    tool.invoke = (context, input, details) =>
      withCallId(details?.toolCall?.callId, () => invoke(context, input, details))
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

/** Where a tool is from; undefined for a tool that belongs to no server. */
export function findOrigin(connections: ToolConnection[], publicName: string): Origin | undefined {
  const { connection, tool } = findOffered(connections, publicName) ?? {}
  if (!connection || !tool) return undefined
  const { name: server, builtin } = connection.server
  return { server, isBuiltin: builtin === true, title: tool.title ?? tool.annotations?.title }
}

/**
 * The arguments of a call (JSON) as they are sent. Parameters that the session fills in appear as
 * "you", whatever the model wrote for them.
 */
export function toSentArguments(connections: ToolConnection[], call: { name: string; arguments: string }): string {
  const { connection, tool } = findOffered(connections, call.name) ?? {}
  if (!connection || !tool || !connection.server.config?.bound.length) return call.arguments
  const args = parseObject(call.arguments)
  if (!args) return call.arguments
  const filledIn = Object.fromEntries(connection.filledIn(tool.name).map((parameter) => [parameter, 'you']))
  return JSON.stringify({ ...filledIn, ...removeBoundArguments(args, connection.server) })
}

/** A call's arguments if they are a JSON object. No arguments are an empty one. */
export function parseObject(text: string): Record<string, unknown> | undefined {
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
