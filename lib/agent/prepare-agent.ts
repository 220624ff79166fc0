import { Agent, type AgentInputItem, type Model, type RunState } from '@openai/agents'
import type { RestOfRequest } from '#lib/agent/context/compacting-turn.ts'
import { toContextLimits } from '#lib/agent/context/context-limits.ts'
import { readHistory } from '#lib/agent/context/read-history.ts'
import { describeEarlierCalls } from '#lib/agent/input/earlier-calls.ts'
import { type TurnFacts, toTurnFacts, writeInstructions } from '#lib/agent/input/instructions.ts'
import type { ReadContext } from '#lib/agent/input/read-context.ts'
import { requireModelFor } from '#lib/agent/models/catalog/models-for.ts'
import { readSettingsModels } from '#lib/agent/models/catalog/settings-models.ts'
import { DIRECT_NAME, makeDirectModel } from '#lib/agent/models/direct/plan-model.ts'
import { isDirectCall } from '#lib/agent/models/direct/slash-command.ts'
import { isDemo, openModel, readModelName } from '#lib/agent/models/open-model.ts'
import { GuardedModel, type ModelAnswer } from '#lib/agent/models/openai/guarded-model.ts'
import { toTokenCount } from '#lib/agent/models/openai/repair/token-count.ts'
import { meterModel } from '#lib/agent/models/usage/metered-model.ts'
import type { OpenTurn } from '#lib/agent/open-turn.ts'
import { applyDecisions, restoreAgent } from '#lib/agent/start-agent.ts'
import { ChatContext } from '#lib/agent/stream/chat-context.ts'
import { TurnLine } from '#lib/agent/stream/turn-line.ts'
import { toAgentTools } from '#lib/agent/tools/agent-tools.ts'
import type { OpenTools } from '#lib/agent/tools/open-tools.ts'
import { withModelView } from '#lib/agent/tools/search/call-tool.ts'
import type { Offer } from '#lib/agent/tools/search/offer-tools.ts'
import { ToolsForModel } from '#lib/agent/tools/tools-for-model.ts'
import { makeTurnAccount } from '#lib/agent/turn-account.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { env } from '#lib/platform/env.ts'
import type { RunHandle } from '#lib/runs/run-handle.ts'

/** What the SDK passes to the instructions and tools of a run. */
export type AgentFacts = TurnFacts & { chat: ChatContext }

/** An agent that is ready to start. */
export type PreparedAgent = {
  agent: Agent<AgentFacts>
  model: GuardedModel
  facts: AgentFacts
  rest: RestOfRequest
}

/** Builds the agent of a turn: its tools, its model, and the instructions for this person. */
export async function prepareAgent(open: OpenTurn, tools: OpenTools, known: ReadContext): Promise<PreparedAgent> {
  const { turn, context, steps, resumed } = open
  const { connections, unavailable, needed, review } = tools
  const missing = unavailable.map(({ server, sentence }) => `${server}: ${sentence}`)
  const chat = new ChatContext(turn.thread, turn.store, steps)
  const facts: AgentFacts = { ...toTurnFacts(known.person, new Date(), missing), chat }
  // The tools ask the model about its calls, and which model it is depends on the tools.
  let model: GuardedModel | undefined
  const listed = await toAgentTools<AgentFacts>(connections, {
    mustAsk: (...call) => review.mustAsk(...call),
    findRefusal: (callId) => review.findRefusal(callId),
    whyUnmakeable: (callId) => model?.whyUnmakeable(callId),
  })
  const connecting = needed.connectTools<AgentFacts>(unavailable, listed)
  const all = [...listed, ...connecting]
  const said = messageTextOf(known.said)
  const forModel = new ToolsForModel(connections, readModelName())
  const isCommand = isDirectCall(said, all)
  review.isCommand = isCommand
  const chosen = chooseModel(isCommand, open, forModel, known, facts)
  const reportAnswer = reportUsage(context.run, chosen.name)
  const mustHave = [...(resumed?.calls ?? []), ...connecting]
  const offer: Omit<Offer<AgentFacts>, 'ranked'> = chosen.takesAll
    ? { tools: all }
    : await forModel.choose(all, { said, items: known.items, needed: mustHave })
  facts.hidden = offer.hidden
  model = new GuardedModel(offer.view ? withModelView(chosen.model, offer.view) : chosen.model, {
    idleMs: env().MODEL_IDLE_TIMEOUT * 1000,
    lastSignAt: chosen.lastSignAt,
    onAnswer: (answer) => {
      review.noteAsked(answer.calls)
      if (answer.isHosted) context.run.report({ webReadAt: tools.untrusted.noteHostedCalls() })
      open.fill.noteAnswer(answer)
      reportAnswer(answer)
    },
  })
  const agent = new Agent<AgentFacts>({
    name: 'Switchboard',
    instructions: (runContext) => writeInstructions(runContext.context),
    model,
    tools: offer.tools,
    // A call that waits for its person ends the run, which is parked.
    toolUseBehavior: () =>
      open.questions?.waiting.length
        ? { isFinalOutput: true, isInterrupted: undefined, finalOutput: '' }
        : { isFinalOutput: false, isInterrupted: undefined },
  })
  const rest = {
    limits: chosen.takesAll ? undefined : toContextLimits(await requireModelFor(known.person)),
    instructions: writeInstructions(facts),
    tools: offer.tools,
    listSources: () => tools.untrusted.listNames(),
  }
  return { agent, model, facts, rest }
}

type ChosenModel = { name: string; model: Model; takesAll: boolean; lastSignAt: () => number }

/** The model of a turn. One that reads no tool definitions takes all tools. */
function chooseModel(
  isDirect: boolean,
  open: OpenTurn,
  forModel: ToolsForModel,
  { person }: ReadContext,
  { timeZone, now }: TurnFacts,
): ChosenModel {
  const given = open.context.model
  const line = new TurnLine(open.steps, forModel)
  const lastSignAt = () => line.lastSignAt
  if (isDirect) return { name: DIRECT_NAME, model: makeDirectModel(), takesAll: true, lastSignAt }
  if (given) return { name: 'given', model: given, takesAll: false, lastSignAt }
  const model = openModel({ person, timeZone, now }, line)
  const [offered] = readSettingsModels()
  const metered = offered ? meterModel(model, offered, makeTurnAccount(open, line)) : model
  return { name: readModelName(), model: metered, takesAll: isDemo(), lastSignAt }
}

/** Reports the model's name at once. The returned function reports the totals with each answer. */
function reportUsage(run: RunHandle, model: string): (answer: ModelAnswer) => void {
  const totals = { model, inputTokens: 0, outputTokens: 0, modelCalls: 0 }
  run.report({ ...totals })
  return ({ inputTokens, outputTokens }) => {
    totals.inputTokens = toTokenCount(totals.inputTokens + inputTokens)
    totals.outputTokens = toTokenCount(totals.outputTokens + outputTokens)
    totals.modelCalls += 1
    run.report({ ...totals })
  }
}

/**
 * What the agent starts from: the thread's history, or the state of the run that it resumes. Shows
 * it if older messages are summarised or left out.
 */
export async function* readInput(
  open: OpenTurn,
  tools: OpenTools,
  known: ReadContext,
  prepared: PreparedAgent,
): AsyncGenerator<ThreadStreamEvent, AgentInputItem[] | RunState<AgentFacts, Agent<AgentFacts>>> {
  const { resumed } = open
  if (resumed) {
    const state = await restoreAgent(prepared.agent, resumed.state, prepared.facts)
    await applyDecisions(state, (item) => tools.review.decide(item, tools.connections))
    return state
  }
  const history = yield* readHistory(open, known, prepared.rest)
  return [...history, ...describeEarlierCalls(known.earlier)]
}

/** The text that the person typed. */
function messageTextOf(message: UserMessageItem | undefined): string {
  // A tag's text is its server's, so it must not read as the person's own command.
  return message?.content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('') ?? ''
}
