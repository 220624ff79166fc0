import { Agent, type Model } from '@openai/agents'
import { isApprovalCard } from '#lib/agent/approvals/approval-card.ts'
import { findApprovalReason } from '#lib/agent/approvals/approval-rules.ts'
import { type PendingCall, parkRun } from '#lib/agent/approvals/park-run.ts'
import type { ResumedRun } from '#lib/agent/approvals/resumed-run.ts'
import { findReadingProblem } from '#lib/agent/approvals/unreadable.ts'
import { findConnectCardServer } from '#lib/agent/cards/connect-card.ts'
import { cutCard, cutNotice, isCutCard } from '#lib/agent/cards/cut-card.ts'
import { describeEarlierCalls } from '#lib/agent/input/earlier-calls.ts'
import { type TurnFacts, toTurnFacts, writeInstructions } from '#lib/agent/input/instructions.ts'
import { readContext } from '#lib/agent/input/read-context.ts'
import { openWorkflowOf } from '#lib/agent/input/recent-items.ts'
import { SentFiles } from '#lib/agent/input/sent-files.ts'
import { DIRECT_NAME, makeDirectModel } from '#lib/agent/models/direct/plan-model.ts'
import { isDirectCall } from '#lib/agent/models/direct/slash-command.ts'
import { isDemo, openModel, readModelName } from '#lib/agent/models/open-model.ts'
import { isGuardrail, toTurnFailure } from '#lib/agent/models/openai/failures/turn-failure.ts'
import { GuardedModel } from '#lib/agent/models/openai/guarded-model.ts'
import type { Cut } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { toTokenCount } from '#lib/agent/models/openai/repair/token-count.ts'
import { toLog } from '#lib/agent/models/openai/transport/model-fetch.ts'
import { restoreAgent, startAgent } from '#lib/agent/start-agent.ts'
import { ChatContext, type SideStep } from '#lib/agent/stream/chat-context.ts'
import { type ItemContext, makeItem } from '#lib/agent/stream/item-context.ts'
import { findResultWidgetServer, ResultWidgets } from '#lib/agent/stream/result-widgets.ts'
import { mergeEvents, SideEvents } from '#lib/agent/stream/side-events.ts'
import { TurnEvents } from '#lib/agent/stream/turn-events.ts'
import { TurnLine } from '#lib/agent/stream/turn-line.ts'
import { toAgentTools, toSentArguments } from '#lib/agent/tools/agent-tools.ts'
import { CallIds } from '#lib/agent/tools/call-ids.ts'
import { NeededAccounts } from '#lib/agent/tools/needed-accounts.ts'
import { chooseToolsForModel, refuseTool } from '#lib/agent/tools/tools-for-model.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import type { FailureDetail, RunFailureClass } from '#lib/data/runs/run-failures.ts'
import type { CallRefusal } from '#lib/mcp-client/calls/calling-run.ts'
import { type OpenMcp, openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { listServersFor } from '#lib/mcp-client/servers/mcp-servers.ts'
import { removeBoundArguments } from '#lib/mcp-client/tools/bound-arguments.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'
import { log, withLogContext } from '#lib/platform/log.ts'

const UNJUDGED = { sentence: 'The arguments have to be a JSON object. Call the tool again with one.', declined: false }

/**
 * What the agent knows of the run that it works for, and how it reports to it. Reported numbers are
 * totals so far.
 */
export type AgentRun = {
  id: string
  threadId: string
  report(facts: { model?: string; inputTokens?: number; outputTokens?: number; modelCalls?: number }): void
  fail(failureClass: RunFailureClass, publicMessage: string, detail?: FailureDetail): void
  /**
   * Reports that the run is parked: it waits for a person's approval, and no process holds it until
   * then.
   */
  wait(): void
}

/** What a route or a test may replace: our MCP endpoint, called in process, and the model. */
export type AgentEdges = { builtinFetch?: typeof fetch; model?: Model }

/** What the SDK passes to the instructions and tools of a run. */
type RunFacts = TurnFacts & { chat: ChatContext }

/**
 * Runs the agent once. Sends the thread's history, or the state of a parked run, to the model,
 * makes tool calls at the MCP servers as this person, and maps the run's events to thread events.
 * If the turn fails, records the failure class on the run and throws a CustomStreamError with a
 * public sentence. If the turn is stopped, ends without throwing. No item stays half open in either
 * case.
 */
export async function* runTurn(
  { thread, input, store, signal }: Turn,
  { caller, run }: { caller: Caller; run: AgentRun },
  { builtinFetch, model: givenModel }: AgentEdges,
  resumed?: ResumedRun,
): AsyncGenerator<ThreadStreamEvent> {
  const making: ItemContext = { threadId: thread.id, newItemId: (kind) => store.newItemId(kind), now: () => new Date() }
  let mcp: OpenMcp | undefined
  const events = new TurnEvents(making, { sentArguments: (call) => toSentArguments(mcp?.connections ?? [], call) })
  const widgets = new ResultWidgets(making)
  const callIds = new CallIds()
  const steps = new SideEvents<SideStep>()
  const held = new Map<string, PendingCall>()
  const refused = new Map<string, CallRefusal>(resumed?.refused)
  /** The arguments as the model wrote them, by call id. */
  const written = new Map<string, string>()
  const files = new SentFiles(caller)
  let model: GuardedModel | undefined
  const whyUnmakeable = (callId: string) => model?.whyUnmakeable(callId)
  try {
    const { person, items, said, policies, approved, earlier, own } = await readContext(
      caller,
      { thread, input, store },
      [run.id, ...(resumed?.runs ?? [])],
    )
    widgets.begin(items)
    const workflow = resumed ? resumed.workflowOf(items) : input ? undefined : openWorkflowOf(items)
    if (workflow) events.resume(workflow)
    const servers = await listServersFor(person.role)
    const needed = new NeededAccounts(caller, servers)
    mcp = await openMcp(
      {
        ...{ id: run.id, threadId: run.threadId, userId: caller.userId, turnId: said?.id, signal },
        callIdOf: (tool, args) => callIds.claim(tool, args),
        // A call without an id was never reviewed, so it is refused.
        refusal: (callId) => (callId === undefined ? UNJUDGED : refused.get(callId)),
        onProgress: (...call) => steps.push((turn) => turn.progress(...call)),
        onSettled: (callId, settled) => {
          needed.noteCall(settled, mcp?.connections ?? [])
          steps.push((turn) => turn.settled(callId, settled))
        },
      },
      { servers, policies, builtinFetch, signal, relist: resumed !== undefined, model: readModelName() },
    )
    if (signal.aborted) return
    const unavailable = await needed.explain(mcp.unavailable)
    for (const { server, sentence, connect } of unavailable) {
      if (connect === undefined)
        yield { type: 'notice', level: 'warning', title: `The tools of ${server} are not available`, message: sentence }
    }
    if (resumed && !resumed.fits(mcp.connections)) return yield* resumed.expire()
    const now = new Date()
    const missing = unavailable.map(({ server, sentence }) => `${server}: ${sentence}`)
    const facts = toTurnFacts(person, now, missing)
    const tools = await toAgentTools<RunFacts>(
      mcp.connections,
      (offered, args, { callId, name }) => {
        const decided = resumed?.calls.some((call) => call.callId === callId)
        const reason = decided ? undefined : findApprovalReason(offered, args, { approved, earlier, own }, callId)
        const unreadable = reason && findReadingProblem(args, written.get(callId))
        const askable = reason !== undefined && unreadable === undefined
        if (askable) held.set(callId, { ...offered, callId, name, arguments: args, reason })
        else {
          callIds.note({ callId, name, arguments: args })
          offered.connection.made.expect(
            offered.tool.name,
            removeBoundArguments(args as Record<string, unknown>, offered.connection.server),
            callId,
          )
        }
        if (unreadable)
          refused.set(callId, { sentence: `A person has to agree to this call, and ${unreadable}.`, declined: false })
        // A call that was decided still needs its approval, so the stored decision applies.
        return decided || askable
      },
      whyUnmakeable,
    )
    const connecting = needed.connectTools<RunFacts>(unavailable, tools)
    const all = [...tools, ...connecting]
    const direct = isDirectCall(messageTextOf(said), all)
    const name = direct ? DIRECT_NAME : givenModel ? 'given' : readModelName()
    const totals = { model: name, inputTokens: 0, outputTokens: 0, modelCalls: 0 }
    run.report({ ...totals })
    const { connections } = mcp
    const line = new TurnLine(steps, (...refusal) => refuseTool(connections, readModelName(), ...refusal))
    const needs = { connections, needed: [...(resumed?.calls ?? []), ...connecting], said: messageTextOf(said) }
    const { offered, notice } =
      direct || (isDemo() && !givenModel)
        ? { offered: all, notice: undefined }
        : await chooseToolsForModel(caller, all, needs)
    if (notice) yield notice
    model = new GuardedModel(
      direct ? makeDirectModel() : (givenModel ?? openModel({ person, timeZone: facts.timeZone, now }, line)),
      {
        idleMs: env().MODEL_IDLE_TIMEOUT * 1000,
        lastSignAt: () => line.lastSignAt,
        onAnswer: ({ inputTokens, outputTokens, calls }) => {
          for (const call of calls) written.set(call.callId, call.arguments)
          totals.inputTokens = toTokenCount(totals.inputTokens + inputTokens)
          totals.outputTokens = toTokenCount(totals.outputTokens + outputTokens)
          totals.modelCalls += 1
          run.report({ ...totals })
        },
      },
    )
    const context: RunFacts = { ...facts, chat: new ChatContext(thread, store, steps) }
    const agent = new Agent<RunFacts>({
      name: 'Switchboard',
      instructions: (runContext) => writeInstructions(runContext.context),
      model,
      tools: offered,
    })
    for (const call of resumed?.calls ?? []) yield* events.startAgain(call, call.keptId)
    const history = resumed ? [] : await files.toModelInput(items.filter((item) => !isOurCard(item)))
    const from = resumed
      ? await restoreAgent(agent, resumed.state, context)
      : [...history, ...describeEarlierCalls(earlier)]
    const starting = { signal, whyUnmakeable, onEnd: model.noteFailure }
    let result = await startAgent(agent, from, context, starting)
    for (; ; result = await startAgent(agent, result.state, context, starting)) {
      for await (const event of mergeEvents(result, steps)) {
        if ('side' in event) yield* event.side(events)
        else {
          widgets.note(event.main)
          for (const shown of widgets.due(event.main)) yield* events.show(shown)
          yield* events.take(event.main)
        }
      }
      // An aborted run ends without throwing. A failed one has thrown already, or throws here.
      if (signal.aborted) return yield* events.interrupt()
      await result.completed
      if (model.failure !== undefined) throw model.failure
      // Calls with unreadable arguments never reach our review. If one is approved, the SDK reports
      // the error to the model.
      const unread = result.interruptions.filter(({ rawItem }) => !('callId' in rawItem && held.has(rawItem.callId)))
      if (unread.length === 0) break
      for (const item of unread) result.state.approve(item)
    }
    for (const shown of widgets.due()) yield* events.show(shown)
    for (const item of await needed.cards(making)) yield* events.show({ type: 'thread.item.done', item })
    if (result.interruptions.length > 0) {
      const about = { id: run.id, ownerId: caller.userId, runs: resumed?.runs ?? [] }
      yield* parkRun({
        thread,
        store,
        run: about,
        events,
        state: result.state,
        interruptions: result.interruptions,
        held,
      })
      run.wait()
    } else yield* events.end()
    if (model.cut) yield* cutOff(model.cut, making, run)
  } catch (error) {
    yield* isGuardrail(error) ? events.rollBack() : events.interrupt()
    if (signal.aborted) return
    const { failureClass, retry, detail, ...told } = toTurnFailure(error)
    const sentence = (failureClass === 'model_file_refused' && (await files.leaveOut())) || told.sentence
    withLogContext({ run_id: run.id, thread_id: thread.id }, () =>
      log.warn({ failure_class: failureClass, ...(detail ? toLog(detail) : { error }) }, 'agent turn failed'),
    )
    run.fail(failureClass, sentence, detail)
    // A refusal is shown as the model's message, so it needs no separate error.
    if (failureClass !== 'model_refused') throw new CustomStreamError(sentence, retry, { cause: error })
  } finally {
    await mcp?.close()
  }
}

/** Reports an answer that was cut off: a log line, a notice, and a card below the answer. */
function* cutOff(cut: Cut, making: ItemContext, run: AgentRun): Generator<ThreadStreamEvent> {
  withLogContext({ run_id: run.id, thread_id: run.threadId }, () =>
    log.warn({ cut }, 'the answer of the model was cut off'),
  )
  yield cutNotice(cut)
  yield { type: 'thread.item.done', item: { ...makeItem(making, 'message'), type: 'widget', widget: cutCard(cut) } }
}

/** The model did not say our own cards, so they stay out of its input. */
function isOurCard(item: ThreadItem): boolean {
  return (
    isApprovalCard(item) ||
    isCutCard(item) ||
    findResultWidgetServer(item) !== undefined ||
    findConnectCardServer(item) !== undefined
  )
}

/** The text that the person typed. */
function messageTextOf(message: UserMessageItem | undefined): string {
  return message?.content.map(({ text }) => text).join('') ?? ''
}
