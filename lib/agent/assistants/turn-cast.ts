import type { KnownAssistant } from '#lib/agent/assistants/known-assistant.ts'
import { mayUseServer, mayUseTool } from '#lib/agent/assistants/may-use-tool.ts'
import type { Organisation } from '#lib/data/assistants/organisation.ts'
import type { OwnWords } from '#lib/data/people/own-words.ts'

/** How often a turn may change hands. */
const HANDOVERS_MAX = 5

/** Who answers in a thread: the one that was chosen, to whom others hand back, and the one now. */
export type Place = { base: string; current: string }

/** Somebody to whom an assistant may hand over. `isBack`: the one that the person chose. */
export type Target = { assistant: KnownAssistant; isBack: boolean }

type Parts = {
  usable: KnownAssistant[]
  place: Place
  organisation: Organisation
  own: OwnWords
  /** Called with the place after each handover, before the other is asked. */
  onChange: (place: Place, assistant: KnownAssistant) => Promise<void>
  /** Reads again whom the person may use. */
  readUsable: () => Promise<KnownAssistant[]>
}

/** The assistants of one turn: who answers now, and to whom it may be handed over. */
export class TurnCast {
  readonly organisation: Organisation
  readonly own: OwnWords
  /** True while nothing may be handed over: a call waits for the person, or they call it themselves. */
  isHeld: () => boolean = () => false
  readonly #usable: ReadonlyMap<string, KnownAssistant>
  readonly #onChange: Parts['onChange']
  readonly #readUsable: Parts['readUsable']
  readonly #base: string
  #current: KnownAssistant
  #count = 0
  #refused: string | undefined

  constructor({ usable, place, organisation, own, onChange, readUsable }: Parts) {
    this.#usable = new Map(usable.map((assistant) => [assistant.slug, assistant]))
    this.organisation = organisation
    this.own = own
    this.#onChange = onChange
    this.#readUsable = readUsable
    this.#base = place.base
    const current = this.#usable.get(place.current)
    if (!current) throw new Error(`the assistant ${place.current} is not among those of the turn`)
    this.#current = current
  }

  /** The assistant that answers now. */
  get current(): KnownAssistant {
    return this.#current
  }

  /** The assistant whose handover was refused just now, by its name. */
  get refused(): string | undefined {
    return this.#refused
  }

  get mayHandOver(): boolean {
    return this.#count < HANDOVERS_MAX && !this.isHeld()
  }

  find(slug: string): KnownAssistant | undefined {
    return this.#usable.get(slug)
  }

  /** To whom an assistant may hand over, as it is decided for this person. */
  listTargets({ slug, config: { handovers } }: KnownAssistant): Target[] {
    const isBack = (other: KnownAssistant) => other.slug === this.#base
    const isAllowed = (other: KnownAssistant) =>
      handovers.kind === 'all' || (handovers.kind === 'chosen' && handovers.assistants.includes(other.slug))
    return [...this.#usable.values()]
      .filter((other) => other.slug !== slug && (isBack(other) || isAllowed(other)))
      .map((assistant) => ({ assistant, isBack: isBack(assistant) }))
  }

  /** True if an assistant of the turn may use this tool of this server. */
  mayUseTool(slug: string, server: string, tool: string): boolean {
    const tools = this.#usable.get(slug)?.config.tools
    return tools !== undefined && mayUseTool(tools, server, tool)
  }

  /** True if the assistant that answers now may use a tool of this server. */
  usesServer(server: string): boolean {
    return mayUseServer(this.#current.config.tools, server)
  }

  /** Goes on with the assistant that answered when the run was parked. False if it may not answer any more. */
  goOnWith(slug: string): boolean {
    const assistant = this.#usable.get(slug)
    if (assistant) this.#current = assistant
    return assistant !== undefined
  }

  /**
   * Hands over. Resolves to false, and changes nothing, if the turn has changed hands too often, if
   * it may not now, or if the person may not use the other any more.
   */
  async handOver(to: KnownAssistant): Promise<boolean> {
    this.#refused = undefined
    const isUsable = this.mayHandOver && (await this.#readUsable()).some(({ slug }) => slug === to.slug)
    if (!isUsable) {
      this.#refused = to.config.name
      return false
    }
    this.#count += 1
    this.#current = to
    await this.#onChange({ base: this.#base, current: to.slug }, to)
    return true
  }
}
