import { isSwitchedOffNow } from '#lib/data/chat/switched-off-tools.ts'
import { findPolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { hashDefinition, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import type { TaskHandle } from '#lib/mcp-client/answers/task-handle.ts'
import type { RecordedCall } from '#lib/mcp-client/calls/call-row.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { onlyReads } from '#lib/mcp-client/calls/repeat-rules.ts'
import { type Attempt, toDenied } from '#lib/mcp-client/calls/results.ts'
import { toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { AskingCall } from '#lib/mcp-client/questions/asking.ts'
import type { QuestionAnswer } from '#lib/mcp-client/questions/server-question.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { type Filled, removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { log } from '#lib/platform/log.ts'

/** A call that is ready to be sent, with the `_meta` that goes along. */
export type OutgoingCall = RecordedCall & {
  meta: Record<string, unknown> | null | undefined
  signal: AbortSignal | undefined
  /** Why the call is not sent: it was refused, or a value that must be filled in is unknown. */
  problem?: Attempt
  /** The public name of the tool, and the arguments as the model gave them. */
  asked: { name: string; args: Record<string, unknown> }
  /** Set if the call has waited: its row, its answers (as parameters), and its task if it is one. */
  resumes?: {
    rowId: string
    workedMs: number
    rounds: number
    params: { inputResponses?: Record<string, QuestionAnswer> }
    task?: TaskHandle | undefined
  }
}

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

/** A call as it is kept with what its server asks. Its row in the ledger has the id `rowId`. */
export function toAskingCall(
  { callId = '', tool, listed, policy, asked }: OutgoingCall,
  rowId: string,
  { builtin, name }: McpServer,
): AskingCall {
  return {
    ...{ callId, rowId, server: name, tool, args: asked.args },
    toolHash: listed ? hashDefinition(listed as ToolDefinition) : '',
    onlyReads: onlyReads({ builtin, tool: listed, policy }),
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
