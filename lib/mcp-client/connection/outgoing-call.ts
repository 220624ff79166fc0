import { findPolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import type { OutgoingCall } from '#lib/mcp-client/connection/attempt-call.ts'
import { toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { type Filled, removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { log } from '#lib/platform/log.ts'

type About = {
  server: McpServer
  policies: ToolPolicy[]
  /** Returns a call's arguments with the values that the session fills in. */
  fill: ((tool: string, args: Record<string, unknown>) => Promise<Filled>) | undefined
}

/**
 * A call as it will be sent: values from the session replace those from the model. If one is
 * unknown, the call has a `problem`.
 */
export async function toOutgoingCall(
  { server, policies, fill }: About,
  { tool, listed, args }: { tool: string; listed: McpTool | undefined; args: Record<string, unknown> },
  made: Pick<OutgoingCall, 'meta' | 'callId' | 'signal'>,
): Promise<OutgoingCall> {
  const { name } = server
  const call = { server: name, tool, listed, policy: findPolicy(policies, name, tool), ...made }
  try {
    return { ...call, ...((await fill?.(tool, args)) ?? { args, filledIn: [] }) }
  } catch (error) {
    const { failureClass, sentence, status, sent } = toMcpFailure(error, 'connect')
    log.warn({ error, server: name, tool, failure_class: failureClass }, 'tool call not made')
    return {
      ...call,
      args: removeBoundArguments(args, server),
      filledIn: [],
      problem: { failure: { class: failureClass, sentence, status, sent } },
    }
  }
}
