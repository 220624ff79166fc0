import type { Agent, AgentInputItem, Model, RunState } from '@openai/agents'
import { mayUseServer } from '#lib/agent/assistants/may-use-tool.ts'
import { toPlaceFacts } from '#lib/agent/assistants/to-place-facts.ts'
import type { RestOfRequest } from '#lib/agent/context/compacting-turn.ts'
import { readHistory } from '#lib/agent/context/read-history.ts'
import { toContextLimits } from '#lib/agent/context/window/context-limits.ts'
import { AnsweringModels } from '#lib/agent/handovers/answering-models.ts'
import { type ChosenModel, chooseModel, openAnswering } from '#lib/agent/handovers/choose-model.ts'
import { describeHandovers } from '#lib/agent/handovers/describe-handovers.ts'
import { TurnAgents } from '#lib/agent/handovers/turn-agents.ts'
import { describeOff } from '#lib/agent/input/describe-off.ts'
import { describeEarlierCalls } from '#lib/agent/input/earlier-calls.ts'
import { type TurnFacts, toTurnFacts, writeInstructions } from '#lib/agent/input/instructions.ts'
import type { ReadContext } from '#lib/agent/input/read-context.ts'
import { introduce, writeBrief } from '#lib/agent/input/write-brief.ts'
import { describeMemories } from '#lib/agent/memory/describe-memories.ts'
import { describeOrigin } from '#lib/agent/memory/describe-origin.ts'
import { MemoryProposals } from '#lib/agent/memory/memory-proposals.ts'
import { isDirectCall } from '#lib/agent/models/direct/slash-command.ts'
import { GuardedModel, type ModelAnswer } from '#lib/agent/models/openai/guarded-model.ts'
import { toTokenCount } from '#lib/agent/models/openai/repair/token-count.ts'
import { toLimitsKey } from '#lib/agent/models/turn-model.ts'
import type { OpenTurn } from '#lib/agent/open-turn.ts'
import { applyDecisions, restoreAgent } from '#lib/agent/start-agent.ts'
import { ChatContext } from '#lib/agent/stream/chat-context.ts'
import { findOffered, toAgentTools } from '#lib/agent/tools/agent-tools.ts'
import type { OpenTools } from '#lib/agent/tools/open-tools.ts'
import { withModelView } from '#lib/agent/tools/search/call-tool.ts'
import type { Offer } from '#lib/agent/tools/search/offer-tools.ts'
import { ToolsForModel } from '#lib/agent/tools/tools-for-model.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { UserMessageItem } from '#lib/chatkit/protocol/items.ts'
import { env } from '#lib/platform/env.ts'
import type { RunHandle } from '#lib/runs/run-handle.ts'

/** What the SDK passes to the instructions and tools of a run. */
export type AgentFacts = TurnFacts & { chat: ChatContext }

/** An agent that is ready to start, and those to which it may hand over. */
export type PreparedAgent = {
  agent: Agent<AgentFacts>
  model: AnsweringModels
  facts: AgentFacts
  /** What stands before the conversation. */
  lead: AgentInputItem[]
  rest: RestOfRequest
}

/**
 * Finds out whether the turn's message calls a tool by its name, which the person may do whoever
 * answers in the thread.
 */
export async function noteCommand(open: OpenTurn, tools: OpenTools, known: ReadContext): Promise<void> {
  const { connections, unavailable, needed, review } = tools
  const listed = (await Promise.all(connections.map((connection) => connection.listTools()))).flat()
  const off = tools.switchedOff.map((name) => ({ name }))
  const connecting = needed.connectTools(unavailable, listed)
  review.isCommand = isDirectCall(messageTextOf(known.said), [...listed, ...off, ...connecting])
  if (open.cast) open.cast.isHeld = () => review.isCommand || (open.questions?.waiting.length ?? 0) > 0
}

/**
 * Builds the agents of a turn for this person, and equips the one that answers: tools, model and
 * instructions. `before` are the assistants that took part before the turn was parked, by slug.
 */
export async function prepareAgent(
  open: OpenTurn,
  tools: OpenTools,
  known: ReadContext,
  before: readonly string[] = [],
): Promise<PreparedAgent> {
  const { turn, context, steps, resumed, cast } = open
  const { connections, unavailable, needed, review } = tools
  if (!cast) throw new Error('the assistants of the turn are not known')
  const chat = new ChatContext(turn.thread, turn.store, steps)
  const facts: AgentFacts = { ...toTurnFacts(known.person, new Date(), []), chat }
  const models = new AnsweringModels()
  const listed = await toAgentTools<AgentFacts>(connections, {
    mustAsk: (...call) => review.mustAsk(...call),
    findRefusal: (callId) => review.findRefusal(callId),
    whyUnmakeable: (callId) => models.whyUnmakeable(callId),
  })
  const connecting = needed.connectTools<AgentFacts>(unavailable, listed)
  const all = [...listed, ...connecting]
  const said = messageTextOf(known.said)
  const { isCommand } = review
  const places = toPlaceFacts(known.person, cast.organisation, facts.now)
  const report = reportUsage(context.run)
  const lead = [...describeOrigin(turn.thread), ...describeMemories(known.memory ?? [])]
  if (known.memory) open.proposals = new MemoryProposals(known.memory)
  let rest: RestOfRequest | undefined
  const agents = new TurnAgents<AgentFacts>(
    cast,
    all.map(({ name }) => name),
    async (agent, assistant) => {
      const { slug, config } = assistant
      const away = unavailable.filter(({ server }) => isCommand || mayUseServer(config.tools, server))
      const connects = new Set(needed.connectTools(away, listed).map(({ name }) => name))
      const mayUse = (name: string) => {
        const offered = findOffered(connections, name)
        if (isCommand) return true
        return offered ? cast.mayUseTool(slug, offered.connection.server.name, offered.tool.name) : true
      }
      const own = all.filter(
        ({ name }) => mayUse(name) && (listed.some((tool) => tool.name === name) || connects.has(name)),
      )
      const answering = await openAnswering(config, known)
      const forModel = new ToolsForModel(connections, toLimitsKey(answering.current))
      const chosen = await chooseModel(
        isCommand && tools.switchedOff,
        open,
        config.name,
        { answering, forModel },
        known,
        facts,
      )
      const reportAnswer = report(chosen.describe)
      // A model of this process proposes nothing. One that takes no other tool may take none at all.
      const mayPropose = chosen.takes === undefined && own.length > 0
      // A handover is a tool, too.
      if (chosen.takes === 'none') agent.handoffs = []
      const handovers = isCommand || chosen.takes === 'none' ? [] : agents.listHandovers(assistant)
      const remembering = mayPropose ? (open.proposals?.makeTools<AgentFacts>(all) ?? []) : []
      const mustHave = [...(resumed?.calls ?? []), ...connecting, ...remembering]
      const offer: Omit<Offer<AgentFacts>, 'ranked'> = chosen.takes
        ? { tools: chosen.takes === 'all' ? own : [] }
        : await forModel.choose([...own, ...remembering], {
            ...{ said, items: known.items, needed: mustHave },
            besides: handovers.map(({ tool }) => tool),
          })
      const view = (inner: Model) => (offer.view ? withModelView(inner, offer.view) : inner)
      const model = new GuardedModel(view(chosen.model), {
        idleMs: env().MODEL_IDLE_TIMEOUT * 1000,
        lastSignAt: chosen.lastSignAt,
        onAnswer: (answer) => {
          models.noteAnswer(model)
          open.askedBy = chosen.isOffered ? answering.current : undefined
          review.noteAsked(answer.calls, mayUse)
          if (answer.isHosted) context.run.report({ webReadAt: tools.untrusted.noteHostedCalls() })
          open.fill.noteAnswer(answer)
          reportAnswer(answer)
        },
        findFallback: async (error) => {
          const next = await chosen.findFallback?.(error)
          return next && view(next)
        },
      })
      models.add(model)
      const { organisation, own: words } = cast
      const introduced = { slug, name: config.name, instructions: config.instructions }
      const brief = writeBrief({ assistant: introduced, organisation, own: words, facts: places })
      const missing = [...away.map(({ server, sentence }) => `${server}: ${sentence}`), ...describeOff(known.off)]
      const write = (now: AgentFacts) =>
        writeInstructions({
          ...now,
          ...{ unavailable: missing, hidden: offer.hidden, introduction: introduce(introduced), brief },
          others: describeHandovers(handovers, cast),
        })
      agent.instructions = (runContext) => write(runContext.context)
      agent.model = model
      agent.tools = offer.tools
      // A call that waits for its person, or goes on as a task, ends the run, which is parked.
      agent.toolUseBehavior = () =>
        open.questions?.waiting.length || open.tasks?.waiting.length
          ? { isFinalOutput: true, isInterrupted: undefined, finalOutput: '' }
          : { isFinalOutput: false, isInterrupted: undefined }
      rest ??= {
        limits: chosen.takes === 'all' ? undefined : toContextLimits(answering.current),
        instructions: [write(facts), JSON.stringify(lead)].join('\n'),
        tools: [...offer.tools, ...handovers.map(({ tool: name, description }) => ({ name, description }))],
        listSources: () => tools.untrusted.listNames(),
      }
      return chosen.isOffered ? toContextLimits(answering.current).windowTokens : undefined
    },
  )
  open.nameAssistant = (named) => agents.nameOf(named)
  const agent = await agents.openFor(before)
  if (!rest) throw new Error('the assistant that answers was not equipped')
  return { agent, model: models, facts, lead, rest }
}

/**
 * Reports a model at once. The function that it returns reports that model and the turn's totals
 * with each answer of it.
 */
function reportUsage(run: RunHandle): (describe: ChosenModel['describe']) => (answer: ModelAnswer) => void {
  const totals = { inputTokens: 0, outputTokens: 0, modelCalls: 0 }
  return (describe) => {
    run.report({ ...totals, ...describe() })
    return ({ inputTokens, outputTokens }) => {
      totals.inputTokens = toTokenCount(totals.inputTokens + inputTokens)
      totals.outputTokens = toTokenCount(totals.outputTokens + outputTokens)
      totals.modelCalls += 1
      run.report({ ...totals, ...describe() })
    }
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
  return [...prepared.lead, ...history, ...describeEarlierCalls(known.earlier)]
}

/** The text that the person typed. */
function messageTextOf(message: UserMessageItem | undefined): string {
  // A tag's text is its server's, so it must not read as the person's own command.
  return message?.content.map((part) => (part.type === 'input_tag' ? `@${part.text}` : part.text)).join('') ?? ''
}
