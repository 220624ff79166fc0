import { isSwitchedOffNow } from '#lib/data/chat/switched-off-tools.ts'
import { findPolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { type Attempt, toDenied } from '#lib/mcp-client/calls/results.ts'
import type { OutgoingCall } from '#lib/mcp-client/connection/attempt-call.ts'
import { toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { type Filled, removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { log } from '#lib/platform/log.ts'

type About = {
  server: McpServer
  run: CallingRun
  policies: ToolPolicy[]
  /** Returns a call's arguments with the values that the session fills in. */
  fill: ((tool: string, args: Record<string, unknown>) => Promise<Filled>) | undefined
}

/**
 * A call as it will be sent: values from the session replace those from the model. If one is
 * unknown, or the tool was switched off since the turn began, the call has a `problem`.
 */
export async function toOutgoingCall(
  { server, run, policies, fill }: About,
  { tool, listed, args }: { tool: string; listed: McpTool | undefined; args: Record<string, unknown> },
  made: Pick<OutgoingCall, 'meta' | 'callId' | 'signal' | 'asked'>,
): Promise<OutgoingCall> {
  const { name } = server
  const off = findOffRefusal(run, { server: name, tool })
  const call = { server: name, tool, listed, policy: findPolicy(policies, name, tool), ...made }
  try {
    const filled = (await fill?.(tool, args)) ?? { args, filledIn: [] }
    const problem = await off
    return { ...call, ...filled, ...(problem && { problem }) }
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

/**
 * Why a call is not made if its tool is off in the conversation now; undefined if it is on. If that
 * cannot be read, the call is not made either. Never throws. A call that is repeated from the ledger
 * is made outside of its conversation.
 */
async function findOffRefusal(run: CallingRun, call: { server: string; tool: string }): Promise<Attempt | undefined> {
  if (run.repeats) return undefined
  try {
    const isOff = await isSwitchedOffNow(run, run.threadId, call)
    return isOff
      ? toDenied('The call was not made: the person switched this tool off for this conversation.')
      : undefined
  } catch (error) {
    log.warn({ error, ...call }, 'whether a tool is on could not be read')
    return toDenied('The call was not made, because it could not be read whether the tool is on in this conversation.')
  }
}
