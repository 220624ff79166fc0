import { readSources } from '#lib/data/notebook/content-sources.ts'
import type { ServerAsk } from '#lib/mcp-client/answers/no-answer.ts'
import { CallRow } from '#lib/mcp-client/calls/call-row.ts'
import { onlyReads } from '#lib/mcp-client/calls/repeat-rules.ts'
import { type Attempt, type Failure, toDenied } from '#lib/mcp-client/calls/results.ts'
import type { OutgoingCall } from '#lib/mcp-client/connection/outgoing-call.ts'
import { sendCall, type Way } from '#lib/mcp-client/connection/send-call.ts'
import { describeAsks, EFFECT } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { log } from '#lib/platform/log.ts'
import { recordSpan } from '#lib/platform/telemetry/record-span.ts'
import { newSpan, type TraceContext, toRunSpan, traceparent } from '#lib/platform/telemetry/trace-context.ts'

/**
 * Makes a call once: records it in the ledger, sends it within its deadlines, and records its end.
 * A call that cannot be recorded is not sent. Never throws. If a call fails, whatever the server
 * asked for meanwhile is reported as the reason. A call whose server asks the person something, or
 * that goes on as a task, has no end yet, so its row stays pending.
 */
export async function attemptCall(call: OutgoingCall, way: Way): Promise<Attempt> {
  const span = newSpan(way.run.id)
  const beganAt = Date.now()
  let row: CallRow
  try {
    if (call.resumes) row = CallRow.resume(call, way.run, call.resumes)
    else if (call.problem) return await CallRow.unsent(call, way.run, span, call.problem)
    else row = await CallRow.begin(call, way.run, span)
  } catch (error) {
    log.error({ error, server: way.server.name, tool: call.tool }, 'tool call not recorded, so not made')
    return toDenied('The call was not made, because it could not be recorded.')
  }
  const sent = call.problem ?? (await sendCall(call, way, span, row))
  const attempt = withEffect(withAsks(sent, way.watch?.asks.take(traceparent(span)) ?? []), call, way.server)
  recordCall(call, way, { at: span, beganAt }, attempt)
  if (attempt.wanted || attempt.goesOn) return attempt
  await row.settle(attempt, way.server.builtin ? readSources(attempt.result?._meta) : [])
  if (attempt.hadTask || call.resumes?.task) await way.run.tasks?.end(row.id)
  return attempt
}

function recordCall(
  { tool }: OutgoingCall,
  { server, run }: Way,
  began: { at: TraceContext; beganAt: number },
  { failure, wanted, goesOn }: Attempt,
): void {
  const attributes = {
    ...{ 'mcp.method.name': 'tools/call', 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool },
    ...{ 'switchboard.server': server.name, 'switchboard.call.waits': !!(wanted || goesOn) },
  }
  const about = { name: `tools/call ${tool}`, kind: 'client', attributes, failure: failure?.class } as const
  recordSpan({ ...began, ...about, parent: toRunSpan(run.id) })
}

/** Ends a call that waits for answers without sending them. Returns its outcome. */
export async function endWaitingCall(
  call: OutgoingCall,
  { server, run }: Pick<Way, 'server' | 'run'>,
  failure: Failure,
): Promise<Attempt> {
  const attempt = withEffect({ failure, hasAsked: true }, call, server)
  if (call.resumes) await CallRow.resume(call, run, call.resumes).settle(attempt)
  if (call.resumes?.task) await run.tasks?.end(call.resumes.rowId)
  return attempt
}

/** A call that has asked its person may have taken effect before, whatever failed after. */
function withEffect(attempt: Attempt, { listed, policy, resumes }: OutgoingCall, { builtin }: McpServer): Attempt {
  const { failure, hasAsked = resumes !== undefined } = attempt
  if (!failure || !hasAsked || failure.class === 'tool_error') return attempt
  if (failure.status === 'unknown' || onlyReads({ builtin, tool: listed, policy })) return attempt
  const sentence = failure.sentence.includes(EFFECT) ? failure.sentence : `${failure.sentence} ${EFFECT}`
  return { ...attempt, failure: { ...failure, status: 'unknown', sent: true, sentence } }
}

function withAsks(attempt: Attempt, asks: ServerAsk[]): Attempt {
  const { failure } = attempt
  if (!failure || asks.length === 0 || failure.class === 'cancelled') return attempt
  const sentence = `${describeAsks(asks)} ${failure.sentence}`
  return { ...attempt, failure: { ...failure, class: 'input_required', sentence } }
}
