import { Agent, Handoff, type RunItem } from '@openai/agents'
import type { KnownAssistant } from '#lib/agent/assistants/known-assistant.ts'
import type { Target, TurnCast } from '#lib/agent/assistants/turn-cast.ts'
import { takeNewestTurns } from '#lib/agent/context/window/newest-turns.ts'
import { toAgentName, toSlug } from '#lib/agent/handovers/agent-name.ts'

const BACK = 'hand_back'

/** Gives an agent its instructions, model and tools. Resolves to the window of the model (tokens), if it has one. */
type Equip<Context> = (agent: Agent<Context>, assistant: KnownAssistant) => Promise<number | undefined>

/**
 * The agents of a turn, one for each assistant that may take part. The SDK knows an agent by its
 * name, also in the stored state of a run. Only those that answer are equipped.
 */
export class TurnAgents<Context> {
  readonly #cast: TurnCast
  readonly #equip: Equip<Context>
  readonly #taken: ReadonlySet<string>
  readonly #agents = new Map<string, Agent<Context>>()
  readonly #equipped = new Map<string, Promise<number | undefined>>()
  /** The names of the assistants by the tools that hand over to them. */
  readonly #names = new Map<string, string>()

  /** `taken` are names of tools, which no tool that hands over may have. */
  constructor(cast: TurnCast, taken: Iterable<string>, equip: Equip<Context>) {
    this.#cast = cast
    this.#taken = new Set(taken)
    this.#equip = equip
  }

  /** The equipped agent of the assistant that answers now. */
  async open(): Promise<Agent<Context>> {
    const { current } = this.#cast
    const agent = this.#find(current)
    await this.#equipOnce(agent, current)
    return agent
  }

  /**
   * The same, to restore a state in which `slugs` took part. Those that are not there any more are
   * known by their names alone.
   */
  async openFor(slugs: readonly string[]): Promise<Agent<Context>> {
    const agent = await this.open()
    for (const slug of slugs) {
      if (toAgentName(slug) === agent.name) continue
      const assistant = this.#cast.find(slug)
      const other = assistant ? this.#find(assistant) : new Agent<Context>({ name: toAgentName(slug) })
      if (assistant) await this.#equipOnce(other, assistant)
      if (agent.handoffs.some((entry) => entry instanceof Handoff && entry.agent === other)) continue
      // Only the SDK's search for agents sees this one.
      const known = new Handoff<Context>(other, () => agent)
      known.isEnabled = async () => false
      agent.handoffs.push(known)
    }
    return agent
  }

  /** The name for people of an agent, or of the one that a tool hands over to. */
  nameOf(named: string): string {
    return this.#names.get(named) ?? this.#cast.find(toSlug(named))?.config.name ?? named
  }

  /** The tools by which an assistant hands over, with the names of the others. */
  listHandovers(assistant: KnownAssistant): { tool: string; description: string; name: string; isBack: boolean }[] {
    return this.#cast.listTargets(assistant).map((target) => ({
      ...{ tool: this.#nameTool(target), description: describeTool(target) },
      ...{ name: target.assistant.config.name, isBack: target.isBack },
    }))
  }

  #find(assistant: KnownAssistant): Agent<Context> {
    const known = this.#agents.get(assistant.slug)
    if (known) return known
    const { temperature } = assistant.config
    const agent = new Agent<Context>({
      name: toAgentName(assistant.slug),
      tools: [],
      ...(temperature !== null && { modelSettings: { temperature } }),
    })
    // Before its handoffs, because assistants hand over to each other.
    this.#agents.set(assistant.slug, agent)
    agent.handoffs = this.#cast.listTargets(assistant).map((target) => this.#makeHandoff(agent, target))
    return agent
  }

  #equipOnce(agent: Agent<Context>, assistant: KnownAssistant): Promise<number | undefined> {
    const known = this.#equipped.get(assistant.slug) ?? this.#equip(agent, assistant)
    this.#equipped.set(assistant.slug, known)
    return known
  }

  #makeHandoff(from: Agent<Context>, target: Target): Handoff<Context> {
    const { assistant } = target
    const to = this.#find(assistant)
    let windowTokens: number | undefined
    const made = new Handoff<Context>(to, async () => {
      // The SDK goes on with what is returned: with the same agent if the handover is refused.
      if (!(await this.#cast.handOver(assistant))) return from
      windowTokens = await this.#equipOnce(to, assistant)
      return to
    })
    made.toolName = this.#nameTool(target)
    made.toolDescription = describeTool(target)
    made.isEnabled = async () => this.#cast.mayHandOver
    // A model's thoughts are of use to that model alone, and others refuse them.
    made.inputFilter = ({ inputHistory, preHandoffItems, newItems, ...rest }) => ({
      ...rest,
      inputHistory:
        windowTokens === undefined || typeof inputHistory === 'string'
          ? inputHistory
          : takeNewestTurns(inputHistory, windowTokens),
      preHandoffItems: preHandoffItems.filter(isNoThought),
      newItems: newItems.filter(isNoThought),
    })
    return made
  }

  #nameTool({ assistant, isBack }: Target): string {
    const wanted = isBack ? BACK : `hand_to_${assistant.slug.replaceAll('-', '_')}`
    let free = wanted
    while (this.#taken.has(free)) free = `x_${free}`
    this.#names.set(free, assistant.config.name)
    return free
  }
}

function describeTool({ assistant: { config }, isBack }: Target): string {
  if (isBack) return `Hands the conversation back to ${config.name}, which the person chose.`
  return `Hands the conversation over to ${config.name}.${config.description && ` ${config.description}`}`
}

function isNoThought({ type }: RunItem): boolean {
  return type !== 'reasoning_item'
}
