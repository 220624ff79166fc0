import { Agent, type AgentInputItem, type Model, run as runAgent } from '@openai/agents'
import { CallIds } from '#lib/agent/call-ids.ts'
import { ChatContext, type SideStep } from '#lib/agent/chat-context.ts'
import { TurnEvents } from '#lib/agent/events.ts'
import { isGuardrail, turnFailure } from '#lib/agent/failure.ts'
import { guardedModel } from '#lib/agent/guarded-model.ts'
import { toModelInput } from '#lib/agent/history.ts'
import { instructions, type TurnFacts, turnFacts } from '#lib/agent/instructions.ts'
import { modelName, openModel } from '#lib/agent/model.ts'
import { openWorkflowOf, recentItems } from '#lib/agent/recent-items.ts'
import { merged, SideEvents } from '#lib/agent/side-events.ts'
import type { Caller } from '#lib/auth/caller.ts'
import { CustomStreamError } from '#lib/chatkit/errors.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Turn } from '#lib/chatkit/respond.ts'
import { findPerson } from '#lib/data/users.ts'
import { env } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { log, withLogContext } from '#lib/log.ts'
import { type OpenMcp, openMcp } from '#lib/mcp-client/open.ts'

const MAX_MODEL_CALLS = 16
const MAX_PARALLEL_TOOLS = 16

/** The run that a turn belongs to, as far as the agent has to do with it. Reports are totals so far. */
export type AgentRun = {
  id: string
  threadId: string
  report(facts: { model?: string; inputTokens?: number; outputTokens?: number; modelCalls?: number }): void
  fail(failureClass: string, publicMessage: string): void
}

/** What a test or a route puts in the place of the world: our MCP endpoint in process, a scripted model. */
export type AgentEdges = { builtinFetch?: typeof fetch; model?: Model }

/** What a run hands to its instructions and tools. */
type RunFacts = TurnFacts & { chat: ChatContext }

/**
 * Answers one turn: the thread's history to the model, its tool calls to the MCP servers as this person, the run's events to
 * thread events. Throws a CustomStreamError with a public sentence when the turn fails, after noting its class at the run;
 * ends without throwing when the turn is stopped. Nothing is left half open in either case.
 */
export async function* respond(
  { thread, input, store, signal }: Turn,
  { caller, run }: { caller: Caller; run: AgentRun },
  { builtinFetch, model: givenModel }: AgentEdges = {},
): AsyncGenerator<ThreadStreamEvent> {
  const events = new TurnEvents({ threadId: thread.id, newItemId: (kind) => store.newItemId(kind), now: () => new Date() })
  const callIds = new CallIds()
  const steps = new SideEvents<SideStep>()
  let mcp: OpenMcp | undefined
  try {
    const person = await findPerson(caller.userId)
    if (!person) throw new AppError('unauthenticated', 'This account can no longer be used.')
    const items = await recentItems(store, thread.id)
    const workflow = input ? undefined : openWorkflowOf(items)
    if (workflow) events.resume(workflow)
    mcp = await openMcp(
      {
        id: run.id,
        threadId: run.threadId,
        userId: caller.userId,
        callIdOf: (tool, args) => callIds.claim(tool, args),
        onSettled: (...call) => steps.push((turn) => turn.settled(...call)),
      },
      { builtinFetch, signal },
    )
    if (signal.aborted) return
    for (const { server, sentence } of mcp.unavailable) {
      yield { type: 'notice', level: 'warning', title: `The tools of ${server} are not available`, message: sentence }
    }
    const now = new Date()
    const facts = turnFacts(
      person,
      now,
      mcp.unavailable.map(({ server, sentence }) => `${server}: ${sentence}`),
    )
    const totals = { model: givenModel ? 'given' : modelName(), inputTokens: 0, outputTokens: 0, modelCalls: 0 }
    run.report({ ...totals })
    const model = guardedModel(givenModel ?? openModel({ person, timeZone: facts.timeZone, now }), {
      idleMs: env().MODEL_IDLE_TIMEOUT * 1000,
      onAnswer: ({ inputTokens, outputTokens, calls }) => {
        totals.inputTokens += inputTokens
        totals.outputTokens += outputTokens
        totals.modelCalls += 1
        run.report({ ...totals })
        for (const call of calls) callIds.note(call)
      },
    })
    const context = { ...facts, chat: new ChatContext(thread, store, steps) }
    const result = await start(model, await toModelInput(items), context, mcp, signal)
    for await (const event of merged(result, steps)) yield* 'main' in event ? events.take(event.main) : event.side(events)
    // An aborted run ends without throwing; a failed one has thrown by here or says so now.
    if (!signal.aborted) await result.completed
    yield* signal.aborted ? events.interrupt() : events.end()
  } catch (error) {
    yield* isGuardrail(error) ? events.rollBack() : events.interrupt()
    if (signal.aborted) return
    const { failureClass, sentence, retry } = turnFailure(error)
    withLogContext({ run_id: run.id, thread_id: thread.id }, () =>
      log.warn({ failure_class: failureClass, ...(failureClass === 'model_refused' && { error }) }, 'agent turn failed'),
    )
    run.fail(failureClass, sentence)
    // What the model said instead of an answer is shown as its message: it needs no error beside it.
    if (failureClass !== 'model_refused') throw new CustomStreamError(sentence, retry, { cause: error })
  } finally {
    await mcp?.close()
  }
}

function start(model: Model, input: AgentInputItem[], context: RunFacts, mcp: OpenMcp, signal: AbortSignal) {
  const agent = new Agent<RunFacts>({
    name: 'Switchboard',
    instructions: (runContext) => instructions(runContext.context),
    model,
    mcpServers: mcp.connections,
  })
  return runAgent(agent, input, {
    stream: true,
    context,
    signal,
    maxTurns: MAX_MODEL_CALLS,
    toolNotFoundBehavior: 'return_error_to_model',
    toolErrorFormatter: ({ toolName }) => `There is no tool named ${toolName}. Use one of those that are listed.`,
    toolExecution: { maxFunctionToolConcurrency: MAX_PARALLEL_TOOLS },
  })
}
