import { hashDefinition, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { onlyReads } from '#lib/mcp-client/calls/repeat-rules.ts'
import type { Attempt, Failure } from '#lib/mcp-client/calls/results.ts'
import { attemptCall, endWaitingCall, type OutgoingCall, type Way } from '#lib/mcp-client/connection/attempt-call.ts'
import { ROUNDS_MAX, type WaitingCall } from '#lib/mcp-client/questions/asking.ts'
import { toRetryParams } from '#lib/mcp-client/questions/wanted-input.ts'

const ASKED_TOO_OFTEN: Failure = {
  class: 'input_required',
  sentence: `The tool asked more than ${ROUNDS_MAX} times for something.`,
  status: 'failed',
  sent: true,
}

/**
 * Follows an attempt to its end or to a question for the person. Answers that need no person are
 * sent at once. Resolves to the last attempt; undefined if the call was parked, with a question or as
 * a task.
 */
export async function concludeCall(
  call: OutgoingCall,
  attempt: Attempt,
  { name, args, rounds }: Pick<WaitingCall, 'name' | 'args' | 'rounds'>,
  way: Way,
): Promise<Attempt | undefined> {
  const { asking, tasks } = way.run
  const { callId, listed, policy, tool } = call
  if (attempt.goesOn) {
    tasks?.park(attempt.goesOn)
    return undefined
  }
  if (!attempt.wanted || !asking || callId === undefined) return attempt
  const { input, rowId, workedMs, task } = attempt.wanted
  const next = { ...call, resumes: { rowId, workedMs, rounds, task, params: toRetryParams(input) } }
  if (rounds > ROUNDS_MAX) return endWaitingCall(next, way, ASKED_TOO_OFTEN)
  if (input.questions.length === 0)
    return concludeCall(next, await attemptCall(next, way), { name, args, rounds: rounds + 1 }, way)
  const { builtin, name: server } = way.server
  asking.park({
    ...input,
    ...{ name, args, rounds, rowId, workedMs, callId, server, tool, ...(task && { task }) },
    onlyReads: onlyReads({ builtin, tool: listed, policy }),
    toolHash: hashDefinition(listed as ToolDefinition),
  })
  return undefined
}
