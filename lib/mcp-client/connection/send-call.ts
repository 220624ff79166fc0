import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/client'
import { SOURCES_META } from '#lib/data/notebook/content-sources.ts'
import type { AnswerWatch } from '#lib/mcp-client/answers/answer-watch.ts'
import type { TaskHandle } from '#lib/mcp-client/answers/task-handle.ts'
import type { CallRow } from '#lib/mcp-client/calls/call-row.ts'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { noteCall, whyEnded } from '#lib/mcp-client/calls/calls-under-way.ts'
import { checkOutput } from '#lib/mcp-client/calls/check-output.ts'
import { CallClocks, deadlinesOf } from '#lib/mcp-client/calls/deadlines.ts'
import { type Progress, sayProgress, Throttle } from '#lib/mcp-client/calls/progress.ts'
import { onlyReads } from '#lib/mcp-client/calls/repeat-rules.ts'
import { type Attempt, type Result, type Times, toolError } from '#lib/mcp-client/calls/results.ts'
import { type OutgoingCall, toAskingCall } from '#lib/mcp-client/connection/outgoing-call.ts'
import { type Phase, toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import type { AskableCalls } from '#lib/mcp-client/questions/askable-calls.ts'
import { ROUNDS_MAX, TOO_MANY, type WaitingTask } from '#lib/mcp-client/questions/asking.ts'
import { HeldCall } from '#lib/mcp-client/questions/held-call.ts'
import { withRequiredAddresses } from '#lib/mcp-client/questions/required-addresses.ts'
import { isInputRequired, readWantedInput } from '#lib/mcp-client/questions/wanted-input.ts'
import { Refusal, toMovedSentence } from '#lib/mcp-client/refusal.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import type { SessionKeeper } from '#lib/mcp-client/sessions/session-keeper.ts'
import { carryTask, ENDS_TASK } from '#lib/mcp-client/tasks/carry-task.ts'
import { Patience } from '#lib/mcp-client/tasks/reach-task.ts'
import { runsAsTask } from '#lib/mcp-client/tasks/task-support.ts'
import { findBegunTask } from '#lib/mcp-client/tasks/task-wire.ts'
import { forgetTools, mayBeStale } from '#lib/mcp-client/tools/tool-lists.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { type TraceContext, traceparent } from '#lib/platform/telemetry/trace-context.ts'

// The SDK's timeout must never expire first: only ours can tell an idle timeout from a total one.
const SDK_MARGIN_MS = 60_000

/** How the calls of a connection are made. */
export type Way = {
  server: McpServer
  run: CallingRun
  keeper: SessionKeeper
  watch: AnswerWatch | undefined
  /** The calls of this connection during which its server may ask the person. */
  open: AskableCalls
}

/**
 * Sends a call that is in the ledger as `row`, within its deadlines. Never throws. An attempt with
 * `wanted` or `goesOn` has no outcome yet.
 */
export async function sendCall(
  call: OutgoingCall,
  { server, run, keeper, open }: Way,
  span: TraceContext,
  row: CallRow,
): Promise<Attempt> {
  const { tool, listed, args, meta, callId, signal, policy, resumes } = call
  const readOnly = onlyReads({ builtin: server.builtin, tool: listed, policy })
  const asking = callId === undefined ? undefined : run.asking
  const toAsking = () => toAskingCall(call, row.id, server)
  // Whatever fails after a question, the call may have taken effect before it.
  let hasAsked = resumes !== undefined
  using held = asking && new HeldCall({ asking, toAsking })
  let phase: Phase = 'connect'
  let clocks: CallClocks | undefined
  const times: Times = {}
  const started = performance.now()
  const elapsedMs = () => Math.round(performance.now() - started)
  using underWay = noteCall(server.id ?? server.name, run.userId)
  using shown = new Throttle<string>((said) => callId && run.onProgress?.(callId, said))
  const toWaiting = (task: TaskHandle): WaitingTask => ({
    ...{ ...toAsking(), name: call.asked.name, task, questions: [], answers: {} },
    ...{ workedMs: row.workedMs, rounds: resumes?.rounds ?? 0 },
  })
  let { session } = keeper
  let task = resumes?.task
  // What ends the call besides its clocks.
  const ends = AbortSignal.any([signal, underWay.signal, held?.barred].filter((one) => one !== undefined))
  try {
    if (task && task.url !== server.url) throw new Refusal('denied', toMovedSentence(server.name))
    if (task?.session) session = keeper.beside(task.session)
    await session.open()
    times.connectedMs = elapsedMs()
    const asTask = !server.builtin && !task && runsAsTask(session.client, listed, run.tasks !== undefined && !!callId)
    // The session that knows a task is left to the server, and nothing else may depend on it.
    if (asTask && session.name) {
      session = keeper.beside()
      await session.open()
    }
    phase = 'call'
    const deadlines = deadlinesOf(policy)
    const running = new CallClocks(deadlines)
    clocks = running
    if (held) held.pause = () => running.pause()
    const options = {
      signal: AbortSignal.any([ends, running.signal]),
      timeout: deadlines.hardMs + SDK_MARGIN_MS + (asking ? ROUNDS_MAX * env().MCP_QUESTION_TIMEOUT * 1000 : 0),
      allowInputRequired: asking !== undefined,
      // With an output schema, the SDK would discard a result that does not match it, and would
      // not call a tool whose schema it cannot read.
      toolDefinition: server.builtin || !listed ? undefined : { ...listed, outputSchema: undefined },
      onprogress: (progress: Progress) => {
        times.firstSignMs ??= elapsedMs()
        running.wind()
        shown.push(sayProgress(progress))
      },
    }
    const sources = server.builtin && run.listSources ? { [SOURCES_META]: run.listSources() } : {}
    const _meta = { ...meta, ...sources, traceparent: traceparent(span) }
    using _open = held && open.add(_meta.traceparent, held)
    const forMs = (policy.hardSeconds ?? env().MCP_TASK_TIMEOUT) * 1000
    const params = { name: tool, arguments: args, _meta, ...resumes?.params, ...(asTask && { task: { ttl: forMs } }) }
    const answer = task
      ? undefined
      : ((await withRequiredAddresses(
          () => session.client.callTool(params, options),
          held && ((question) => open.ask(question, _meta.traceparent, options.signal)),
        )) as Result)
    const begun = answer && findBegunTask(answer)
    if (begun) {
      const isModern = session.client.getProtocolEra() === 'modern'
      task = { id: begun.id, url: server.url, isModern, ...(session.name && { session: session.name }) }
    }
    if (task) {
      hasAsked = true
      running.stop()
      const answers = task === resumes?.task ? resumes.params.inputResponses : undefined
      using patience = new Patience(begun || answers ? 'begun' : 'takenUp')
      if (held) held.pause = () => patience.pause()
      const carried = await carryTask({
        ...{ run, session, newSession: () => keeper.beside(), waiting: toWaiting(task), listed, begun: begun?.state },
        ...{ forMs, answers, patience, signal: ends, meta: _meta },
        note: (sentence) => held?.note(sentence),
        onSaid: (said) => shown.push(said),
      })
      return { ...carried, times }
    }
    if (!answer) throw new Error('a call has neither an answer nor a task')
    if (isInputRequired(answer)) {
      hasAsked = true
      const input = readWantedInput(answer, (sentence) => held?.note(sentence))
      if (!input) throw new ProtocolError(ProtocolErrorCode.InvalidRequest, TOO_MANY)
      return { wanted: { input, rowId: row.id, workedMs: row.workedMs }, times }
    }
    const result = server.builtin ? answer : checkOutput(answer, listed)
    return result.isError ? { result, failure: toolError(result), times } : { result, times }
  } catch (error) {
    const { failureClass, sentence, status, sent } = toMcpFailure(
      signal?.aborted || underWay.signal.aborted
        ? new DOMException('stopped', 'AbortError')
        : (barredAs(held) ?? error),
      phase,
      { expired: clocks?.expired, readOnly },
    )
    log.warn(
      { error, server: server.name, tool, failure_class: failureClass, trace_id: span.traceId },
      'tool call failed',
    )
    if (mayBeStale(failureClass)) forgetTools(server, run.userId)
    if (failureClass === 'session_lost') keeper.drop(session)
    const goesOn = phase === 'connect' && !ENDS_TASK.has(failureClass) && resumes?.task && toWaiting(resumes.task)
    if (goesOn && (await run.tasks?.putBack(goesOn))) return { goesOn, times }
    hasAsked ||= held?.hasAsked === true
    const why = failureClass === 'cancelled' ? (whyEnded(run.signal) ?? whyEnded(underWay.signal) ?? '') : ''
    return {
      failure: { class: failureClass, sentence: why + sentence, status, sent },
      times,
      hasAsked,
      hadTask: !!task,
    }
  } finally {
    clocks?.stop()
  }
}

/** The failure of a call that was ended because its person's answer may not be sent any more. */
function barredAs(held: HeldCall | undefined): Refusal | undefined {
  return held?.refusal === undefined ? undefined : new Refusal('denied', held.refusal)
}
