import type { AnswerWatch } from '#lib/mcp-client/answers/answer-watch.ts'
import type { ServerAsk } from '#lib/mcp-client/answers/no-answer.ts'
import { CallRow, type RecordedCall } from '#lib/mcp-client/calls/call-row.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { noteCall, whyEnded } from '#lib/mcp-client/calls/calls-under-way.ts'
import { checkOutput } from '#lib/mcp-client/calls/check-output.ts'
import { CallClocks, deadlinesOf } from '#lib/mcp-client/calls/deadlines.ts'
import { type Progress, sayProgress, Throttle } from '#lib/mcp-client/calls/progress.ts'
import { onlyReads } from '#lib/mcp-client/calls/repeat-rules.ts'
import { type Attempt, type Result, type Times, toDenied, toolError } from '#lib/mcp-client/calls/results.ts'
import { newSpan, type TraceContext, traceparent } from '#lib/mcp-client/calls/trace.ts'
import type { SessionKeeper } from '#lib/mcp-client/connection/session-keeper.ts'
import { describeAsks, type Phase, toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { forgetTools, mayBeStale } from '#lib/mcp-client/tools/tool-lists.ts'
import { log } from '#lib/platform/log.ts'

// The SDK's timeout must never expire first: only ours can tell an idle timeout from a total one.
const SDK_MARGIN_MS = 60_000

/** A call that is ready to be sent, with the `_meta` that goes along. */
export type OutgoingCall = RecordedCall & {
  meta: Record<string, unknown> | null | undefined
  signal: AbortSignal | undefined
  /** Why the call is not sent: it was refused, or a value that must be filled in is unknown. */
  problem?: Attempt
}

type Way = { server: McpServer; run: CallingRun; keeper: SessionKeeper; watch: AnswerWatch | undefined }

/**
 * Makes a call once: records it in the ledger, sends it within its deadlines, and records its end.
 * A call that cannot be recorded is not sent. Never throws. If a call fails, whatever the server
 * asked for meanwhile is reported as the reason.
 */
export async function attemptCall(call: OutgoingCall, way: Way): Promise<Attempt> {
  const span = newSpan(way.run.id)
  let row: CallRow
  try {
    if (call.problem) return await CallRow.unsent(call, way.run, span, call.problem)
    row = await CallRow.begin(call, way.run, span)
  } catch (error) {
    log.error({ error, server: way.server.name, tool: call.tool }, 'tool call not recorded, so not made')
    return toDenied('The call was not made, because it could not be recorded.')
  }
  const sent = await sendCall(call, way, span)
  const attempt = withAsks(sent, way.watch?.takeAsks(traceparent(span)) ?? [])
  await row.settle(attempt)
  return attempt
}

function withAsks(attempt: Attempt, asks: ServerAsk[]): Attempt {
  const { failure } = attempt
  if (!failure || asks.length === 0 || failure.class === 'cancelled') return attempt
  const sentence = `${describeAsks(asks)} ${failure.sentence}`
  return { ...attempt, failure: { ...failure, class: 'input_required', sentence } }
}

async function sendCall(
  { tool, listed, args, meta, callId, signal, policy }: OutgoingCall,
  { server, run, keeper }: Way,
  span: TraceContext,
): Promise<Attempt> {
  let phase: Phase = 'connect'
  let clocks: CallClocks | undefined
  const times: Times = {}
  const started = performance.now()
  const elapsedMs = () => Math.round(performance.now() - started)
  using underWay = noteCall(server.id ?? server.name, run.userId)
  using shown = new Throttle<string>((said) => callId && run.onProgress?.(callId, said))
  const { session } = keeper
  try {
    await session.open()
    times.connectedMs = elapsedMs()
    phase = 'call'
    const deadlines = deadlinesOf(policy)
    const running = new CallClocks(deadlines)
    clocks = running
    const options = {
      signal: AbortSignal.any([...(signal ? [signal] : []), running.signal, underWay.signal]),
      timeout: deadlines.hardMs + SDK_MARGIN_MS,
      // With an output schema, the SDK would discard a result that does not match it, and would
      // not call a tool whose schema it cannot read.
      toolDefinition: server.builtin || !listed ? undefined : { ...listed, outputSchema: undefined },
      onprogress: (progress: Progress) => {
        times.firstSignMs ??= elapsedMs()
        running.wind()
        shown.push(sayProgress(progress))
      },
    }
    const _meta = { ...meta, traceparent: traceparent(span) }
    const answer = (await session.client.callTool({ name: tool, arguments: args, _meta }, options)) as Result
    const result = server.builtin ? answer : checkOutput(answer, listed)
    return result.isError ? { result, failure: toolError(result), times } : { result, times }
  } catch (error) {
    const { failureClass, sentence, status, sent } = toMcpFailure(
      signal?.aborted || underWay.signal.aborted ? new DOMException('stopped', 'AbortError') : error,
      phase,
      { expired: clocks?.expired, readOnly: onlyReads({ builtin: server.builtin, tool: listed, policy }) },
    )
    log.warn(
      { error, server: server.name, tool, failure_class: failureClass, trace_id: span.traceId },
      'tool call failed',
    )
    if (mayBeStale(failureClass)) forgetTools(server, run.userId)
    if (failureClass === 'session_lost') keeper.drop(session)
    const ended = failureClass === 'cancelled' ? (whyEnded(run.signal) ?? whyEnded(underWay.signal) ?? '') : ''
    return { failure: { class: failureClass, sentence: ended + sentence, status, sent }, times }
  } finally {
    clocks?.stop()
  }
}
