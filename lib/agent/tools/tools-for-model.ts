import type { FunctionTool } from '@openai/agents'
import { findOffered, findOrigin } from '#lib/agent/tools/agent-tools.ts'
import { type Offer, offerTools } from '#lib/agent/tools/search/offer-tools.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'
import { listModelLimits, type ModelLimits, noteModelLimits } from '#lib/data/servers/model-limits.ts'
import { hashDefinition, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { noteToolRefusal } from '#lib/data/servers/tool-refusals.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'

/**
 * `needed` are the tools that a turn must have, `said` is the person's message, and `items` are the
 * recent items of the thread.
 */
type About = {
  needed: readonly { name: string }[]
  said: string
  items: ThreadItem[]
  /** Names of tools that are in each request besides: those that hand over. */
  besides?: readonly string[]
}

/**
 * The tools of one turn as its model takes them. What the model's server refuses is recorded for
 * later turns, and the person and the admins are told.
 */
export class ToolsForModel {
  /** True if the model's server was found to take only plain schemas. Set by `choose`. */
  plainSchemas = false
  readonly #connections: ToolConnection[]
  #model: string
  /** The names of the tools in the model's requests, those that the turn needs most first. */
  #ranked: string[] = []

  constructor(connections: ToolConnection[], model: string) {
    this.#connections = connections
    this.#model = model
  }

  /**
   * The tools to offer. The model sees at most MODEL_DIRECT_TOOLS and MODEL_MAX_TOOLS of them, and no
   * more than its server was found to take; it finds the others.
   */
  async choose<Context>(tools: FunctionTool<Context>[], { besides = [], ...about }: About): Promise<Offer<Context>> {
    const [known] = tools.length > 0 ? await listModelLimits(this.#model) : []
    this.plainSchemas = known?.plainSchemas ?? false
    const { MODEL_DIRECT_TOOLS, MODEL_MAX_TOOLS } = env()
    const most = Math.min(MODEL_MAX_TOOLS, known?.maxTools ?? Number.POSITIVE_INFINITY) - besides.length
    const max = Math.max(2, Math.min(MODEL_DIRECT_TOOLS, most))
    const offer = offerTools(tools, { max, findOrigin: (name) => findOrigin(this.#connections, name), ...about })
    this.#ranked = [...besides, ...offer.ranked]
    return offer
  }

  /** Turns to another model, whose server takes other things, with the tools that were chosen. */
  async turnTo(model: string): Promise<void> {
    const [known] = await listModelLimits(model)
    this.#model = model
    this.plainSchemas = known?.plainSchemas ?? false
  }

  /** The names of the `max` tools that the turn needs most. */
  pick = async (max: number): Promise<ReadonlySet<string>> => new Set(this.#ranked.slice(0, max))

  /** Records that the model's server takes `max` tools at most. Returns the person's notice. */
  noteLimit = (max: number, detail: FailureDetail): Notice => {
    this.#note(
      { maxTools: max, plainSchemas: false },
      detail,
      'the model’s server takes fewer tools than it was offered',
    )
    const message = `The model takes ${max} tools at once, and it was offered ${this.#ranked.length}. From your next message on it can find the others.`
    return { type: 'notice', level: 'info', title: 'Not every tool is offered', message }
  }

  /** Records that the model's server takes only plain schemas. */
  notePlainSchemas = (detail: FailureDetail): void => {
    this.#note({ maxTools: null, plainSchemas: true }, detail, 'the model’s server takes only plain schemas of tools')
  }

  /** Records that the model's server refused these tools. Returns the person's notice. */
  refuse = (names: string[], detail: FailureDetail): Notice => {
    for (const name of names) this.#noteRefusal(name, detail)
    const [name] = names
    const one = names.length === 1
    return {
      type: 'notice',
      level: 'warning',
      title: one ? `The tool ${name} is left out` : `${names.length} tools are left out`,
      message: one
        ? 'The model does not accept its definition. An administrator finds the reason on the page of its server.'
        : 'The model does not accept their definitions. An administrator finds the reason on the pages of their servers.',
    }
  }

  #noteRefusal(name: string, detail: FailureDetail): void {
    const offered = findOffered(this.#connections, name)
    const reason = reasonOf(detail)
    const server = offered?.connection.server.name ?? ''
    const model = this.#model
    log.warn(
      { server, tool: offered?.tool.name ?? name, model, reason },
      'a tool was refused by the model’s server and is left out',
    )
    if (!offered) return
    const { tool } = offered
    const toolHash = hashDefinition(tool as ToolDefinition)
    noteToolRefusal({ server, tool: tool.name, model, reason, toolHash }).catch((error) =>
      log.warn({ error, server, tool: tool.name }, 'a refused tool was not noted'),
    )
  }

  #note(limits: ModelLimits, detail: FailureDetail, text: string): void {
    const reason = reasonOf(detail)
    const model = this.#model
    log.warn({ model, max_tools: limits.maxTools, plain_schemas: limits.plainSchemas, reason }, text)
    noteModelLimits(model, limits, reason).catch((error) =>
      log.warn({ error, model }, 'a limit of a model was not noted'),
    )
  }
}

function reasonOf({ message }: FailureDetail): string {
  return message ?? 'The model’s server did not say why.'
}
