import type { Attempt, Failure } from '#lib/mcp-client/calls/results.ts'
import { attemptCall, endWaitingCall } from '#lib/mcp-client/connection/attempt-call.ts'
import { type OutgoingCall, toAskingCall } from '#lib/mcp-client/connection/outgoing-call.ts'
import type { Way } from '#lib/mcp-client/connection/send-call.ts'
import { ROUNDS_MAX } from '#lib/mcp-client/questions/asking.ts'
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
export async function concludeCall(call: OutgoingCall, attempt: Attempt, way: Way): Promise<Attempt | undefined> {
  const { asking, tasks } = way.run
  if (attempt.goesOn) {
    tasks?.park(attempt.goesOn)
    return undefined
  }
  if (!attempt.wanted || !asking || call.callId === undefined) return attempt
  const { input, rowId, workedMs, task } = attempt.wanted
  const rounds = (call.resumes?.rounds ?? 0) + 1
  const next = { ...call, resumes: { rowId, workedMs, rounds, task, params: toRetryParams(input) } }
  if (rounds > ROUNDS_MAX) return endWaitingCall(next, way, ASKED_TOO_OFTEN)
  if (input.questions.length === 0) return concludeCall(next, await attemptCall(next, way), way)
  const asked = toAskingCall(call, rowId, way.server)
  asking.park({ ...asked, ...input, name: call.asked.name, rounds, workedMs, ...(task && { task }) })
  return undefined
}
