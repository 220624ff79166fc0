import { makeDescribeCalls } from '#lib/agent/approvals/describe-calls.ts'
import { parkRun } from '#lib/agent/approvals/park-run.ts'
import { cutCard, cutNotice } from '#lib/agent/cards/cut-card.ts'
import { isGuardrail, toTurnFailure } from '#lib/agent/models/openai/failures/turn-failure.ts'
import type { Cut } from '#lib/agent/models/openai/repair/answer-repair.ts'
import { toLog } from '#lib/agent/models/openai/transport/model-fetch.ts'
import type { OpenTurn } from '#lib/agent/open-turn.ts'
import type { AgentFacts, PreparedAgent } from '#lib/agent/prepare-agent.ts'
import { parkCalls } from '#lib/agent/questions/park-calls.ts'
import type { startAgent } from '#lib/agent/start-agent.ts'
import { makeItem } from '#lib/agent/stream/item-context.ts'
import type { OpenTools } from '#lib/agent/tools/open-tools.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { CustomStreamError } from '#lib/chatkit/server/stream-errors.ts'
import { AppError } from '#lib/platform/errors.ts'
import { log, withLogContext } from '#lib/platform/log.ts'

type Result = Awaited<ReturnType<typeof startAgent<AgentFacts>>>

/**
 * Ends a turn whose agent has ended: shows what is left to show, then parks the run if calls wait
 * for approval or for answers or go on as tasks, or closes what is open.
 */
export async function* settleTurn(
  open: OpenTurn,
  tools: OpenTools,
  { model }: PreparedAgent,
  { interruptions, state }: Result,
): AsyncGenerator<ThreadStreamEvent> {
  const { turn, context, events, making } = open
  const { review, needed } = tools
  open.fill.show(turn.thread)
  yield* events.showWidgets()
  for (const item of await needed.cards(making)) yield* events.show({ type: 'thread.item.done', item })
  for (const item of open.proposals?.takeCards(making, tools.untrusted.listNames()) ?? [])
    yield* events.show({ type: 'thread.item.done', item })
  if (open.questions?.waiting.length) yield* waitForAnswers(open, tools, interruptions)
  else if (interruptions.length > 0) {
    const { thread, store } = turn
    const run = { id: context.run.id, ownerId: context.caller.userId, runs: open.runs }
    const describe = makeDescribeCalls(context, turn.signal)
    yield* parkRun({ thread, store, run, events, state, interruptions, pending: review.pending, describe })
    context.run.wait()
  } else if (open.tasks?.waiting.length) yield* waitForTasks(open)
  else yield* events.end()
  if (model.cut) yield* cutOff(model.cut, open)
}

/** Parks the run until its person answers what servers asked. */
export async function* waitForAnswers(
  open: OpenTurn,
  tools: OpenTools,
  interruptions: Result['interruptions'],
): AsyncGenerator<ThreadStreamEvent> {
  yield* parkCalls(open, tools, interruptions)
  open.context.run.wait()
}

/** Parks the run until its calls that go on as tasks have come to something. */
export async function* waitForTasks({ events, context }: OpenTurn): AsyncGenerator<ThreadStreamEvent> {
  yield* events.end()
  context.run.wait()
}

/** Closes what is open after the turn was stopped. */
export async function* endEarly({ events, questions, tasks, turn }: OpenTurn): AsyncGenerator<ThreadStreamEvent> {
  yield* events.interrupt()
  // What ended for a reason of ours goes on: another process takes it up.
  if (!(turn.signal.reason instanceof AppError)) await tasks?.stop()
  yield* questions?.withdraw() ?? []
}

/** Reports an answer that was cut off: a log line, a notice, and a card below the answer. */
function* cutOff(cut: Cut, { making, context: { run } }: OpenTurn): Generator<ThreadStreamEvent> {
  withLogContext({ run_id: run.id, thread_id: run.threadId }, () =>
    log.warn({ cut }, 'the answer of the model was cut off'),
  )
  yield cutNotice(cut)
  yield { type: 'thread.item.done', item: { ...makeItem(making, 'message'), type: 'widget', widget: cutCard(cut) } }
}

/**
 * Ends a turn that broke: closes what is open, or takes back what a guardrail rejected. Then
 * records the failure on the run and throws a CustomStreamError, unless the turn was stopped.
 */
export async function* failTurn(
  { turn: { signal, thread }, context: { run }, events, files }: OpenTurn,
  error: unknown,
): AsyncGenerator<ThreadStreamEvent> {
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
}
