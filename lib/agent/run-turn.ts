import { declinePendingApprovals } from '#lib/agent/approvals/close-approvals.ts'
import type { ResumedRun } from '#lib/agent/approvals/resumed-run.ts'
import { readCast } from '#lib/agent/assistants/read-cast.ts'
import { isCompactCommand } from '#lib/agent/context/compact-command.ts'
import { compactOnRequest } from '#lib/agent/context/read-history.ts'
import { listStateAgents } from '#lib/agent/handovers/list-state-agents.ts'
import { readContext } from '#lib/agent/input/read-context.ts'
import { readResources } from '#lib/agent/input/read-resources.ts'
import { openWorkflowOf } from '#lib/agent/input/recent-items.ts'
import { readRememberCommand, rememberOnRequest } from '#lib/agent/memory/remember-command.ts'
import { noticeWithdrawn } from '#lib/agent/models/notice-withdrawn.ts'
import { OpenTurn } from '#lib/agent/open-turn.ts'
import { noteCommand, prepareAgent, readInput } from '#lib/agent/prepare-agent.ts'
import { cancelPendingQuestions } from '#lib/agent/questions/close-questions.ts'
import type { ContinuedCalls } from '#lib/agent/questions/continued-calls.ts'
import { RunQuestions } from '#lib/agent/questions/run-questions.ts'
import { findWords } from '#lib/agent/questions/words/find-words.ts'
import { endEarly, failTurn, settleTurn, waitForAnswers, waitForTasks } from '#lib/agent/settle-turn.ts'
import { applyDecisions, startAgent } from '#lib/agent/start-agent.ts'
import { mergeEvents } from '#lib/agent/stream/side-events.ts'
import { RunTasks } from '#lib/agent/tasks/run-tasks.ts'
import type { TakenUpCalls } from '#lib/agent/tasks/taken-up-calls.ts'
import { openTools, unavailableNotices } from '#lib/agent/tools/open-tools.ts'
import type { TurnContext } from '#lib/agent/turn-context.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Turn } from '#lib/chatkit/server/turn.ts'
import { findModelOfRuns } from '#lib/data/models/model-of-runs.ts'
import { stopServerTasks } from '#lib/data/runs/tasks/server-tasks.ts'

/**
 * Answers one turn with the agent. A new message first declines the thread's pending approvals.
 * Sends the thread's history, or the state of a parked run, to the model, makes tool calls at the
 * MCP servers as this person, and maps the run's events to thread events. If the turn fails,
 * records the failure class on the run and throws a CustomStreamError with a public sentence. If
 * the turn is stopped, ends without throwing. No item stays half open in either case.
 */
export async function* runTurn(
  turn: Turn,
  context: TurnContext,
  { resumed, continued }: { resumed?: ResumedRun; continued?: ContinuedCalls | TakenUpCalls } = {},
): AsyncGenerator<ThreadStreamEvent> {
  const { input, signal, store, thread } = turn
  if (input) {
    yield* declinePendingApprovals(context.caller, store, thread.id)
    yield* cancelPendingQuestions(context.caller, store, thread.id)
  }
  const open = new OpenTurn(turn, context, { resumed, continued })
  const { events, steps } = open
  try {
    // Prepare.
    yield* readResources(turn, context)
    const known = await readContext(context.caller, turn, [context.run.id, ...open.runs])
    // A message that is answered again: only its earlier calls can go on as tasks.
    if (input && known.earlier.length > 0) await stopServerTasks(context.caller, thread.id, { turnId: input.id })
    open.askedBy = await findModelOfRuns(context.caller, open.runs)
    yield* noticeWithdrawn(context.caller, thread.id, known)
    events.begin(
      known.items,
      (resumed ?? continued)
        ? (resumed ?? continued)?.workflowOf(known.items)
        : input
          ? undefined
          : openWorkflowOf(known.items),
    )
    const { cast, notices } = await readCast(turn, context)
    open.cast = cast
    yield* notices
    const run = { id: context.run.id, ownerId: context.caller.userId, threadId: thread.id }
    open.questions = new RunQuestions({
      ...{ run, store, steps, timeZone: known.person.timeZone ?? 'UTC', words: findWords(known.person.locale) },
      findAnswerRefusal: (call) => open.findAnswerRefusal(call),
    })
    open.tasks = new RunTasks({ run, runs: open.runs, store, steps })
    const tools = await openTools({
      context,
      known,
      steps,
      signal,
      resumed,
      asking: open.questions,
      tasks: open.tasks,
      relist: continued !== undefined,
      cast,
      findModel: () => open.askedBy,
    })
    open.tools = tools
    if (signal.aborted) return
    yield* unavailableNotices(tools, cast)
    const before = resumed && listStateAgents(resumed.state)
    if (resumed && !cast.goOnWith(before?.current ?? '')) return yield* resumed.expire()
    await noteCommand(open, tools, known)
    const mayUse = (server: string, tool: string) =>
      tools.review.isCommand || cast.mayUseTool(cast.current.slug, server, tool)
    if (resumed && !resumed.fits(tools.connections, mayUse)) return yield* resumed.expire()
    if (continued) yield* continued.finish(open, tools, known)
    if (signal.aborted) return yield* endEarly(open)
    if (open.questions.waiting.length > 0) return yield* waitForAnswers(open, tools, [])
    if (open.tasks.waiting.length > 0) return yield* waitForTasks(open)
    const words = readRememberCommand(input)
    if (input && words !== undefined)
      return yield* rememberOnRequest(context.caller, { thread, message: input, making: open.making }, words)
    const prepared = await prepareAgent(open, tools, known, before?.all)
    if (isCompactCommand(input ?? undefined)) return yield* compactOnRequest(open, known, prepared.rest)
    for (const call of resumed?.calls ?? []) yield* events.startAgain(call, call.keptId)
    const { agent, facts, model } = prepared
    const starting = { signal, whyUnmakeable: (id: string) => model.whyUnmakeable(id), onEnd: model.noteFailure }

    // Stream.
    let result = await startAgent(agent, yield* readInput(open, tools, known, prepared), facts, starting)
    for (;;) {
      for await (const event of mergeEvents(result, steps))
        for (const shown of 'side' in event ? event.side(events) : events.take(event.main)) yield shown
      // An aborted run ends without throwing. A failed one has thrown already, or throws here.
      if (signal.aborted) return yield* endEarly(open)
      await result.completed
      if (model.failure !== undefined) throw model.failure
      if (!(await applyDecisions(result.state, (item) => tools.review.decide(item, tools.connections)))) break
      result = await startAgent(agent, result.state, facts, starting)
    }

    // Settle.
    yield* settleTurn(open, tools, prepared, result)
  } catch (error) {
    yield* open.questions?.withdraw() ?? []
    yield* failTurn(open, error)
  } finally {
    await open.tools?.close()
  }
}
