import { findOffered } from '#lib/agent/tools/agent-tools.ts'
import { type LimitedTools, limitTools } from '#lib/agent/tools/limit-tools.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import type { FailureDetail } from '#lib/data/runs/run-failures.ts'
import { listModelLimits, type ModelLimits, noteModelLimits } from '#lib/data/servers/model-limits.ts'
import { listRecentTools } from '#lib/data/servers/recent-tools.ts'
import { hashDefinition, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { noteToolRefusal } from '#lib/data/servers/tool-refusals.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'

/** `needed` are the tools that a turn must have, `said` is the person's message. */
type About = { needed: readonly { name: string }[]; said: string }

/**
 * The tools of one turn as its model takes them. What the model's server refuses is recorded for
 * later turns, and the person and the admins are told.
 */
export class ToolsForModel {
  /** True if the model's server was found to take only plain schemas. Set by `choose`. */
  plainSchemas = false
  readonly #caller: Caller
  readonly #connections: ToolConnection[]
  readonly #model: string
  #all: { name: string }[] = []
  #about: About = { needed: [], said: '' }

  constructor(caller: Caller, connections: ToolConnection[], model: string) {
    this.#caller = caller
    this.#connections = connections
    this.#model = model
  }

  /**
   * The tools to offer: at most MODEL_MAX_TOOLS, and no more than the model's server was found to
   * take. `notice` tells the person if some are left out.
   */
  async choose<Tool extends { name: string }>(
    tools: Tool[],
    about: About,
  ): Promise<{ offered: Tool[]; notice?: Notice }> {
    this.#all = tools
    this.#about = about
    const [known] = tools.length > 0 ? await listModelLimits(this.#model) : []
    this.plainSchemas = known?.plainSchemas ?? false
    const max = Math.min(env().MODEL_MAX_TOOLS, known?.maxTools ?? Number.POSITIVE_INFINITY)
    if (tools.length <= max) return { offered: tools }
    const { offered, left } = await this.#limit(tools, max)
    return { offered, notice: this.#limitNotice(max, left) }
  }

  /** The names of the `max` tools that the turn needs most. */
  pick = async (max: number): Promise<ReadonlySet<string>> => {
    const { offered } = await this.#limit(this.#all, max)
    return new Set(offered.map(({ name }) => name))
  }

  /** Records that the model's server takes `max` tools at most. Returns the person's notice. */
  noteLimit = (max: number, detail: FailureDetail): Notice => {
    this.#note(
      { maxTools: max, plainSchemas: false },
      detail,
      'the model’s server takes fewer tools than it was offered',
    )
    const message = `The model takes ${max} tools at once, and there are ${this.#all.length}. Name a tool in your message to have it among them.`
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

  async #limit<Tool extends { name: string }>(tools: Tool[], max: number): Promise<LimitedTools<Tool>> {
    const { needed, said } = this.#about
    return limitTools(tools, max, {
      connections: this.#connections,
      needed: new Set(needed.map(({ name }) => name)),
      said,
      recent: await listRecentTools(this.#caller),
    })
  }

  #limitNotice(max: number, left: Map<string, number>): Notice {
    const where = [...left].map(([server, count]) => `${count} of ${server}`).join(', ')
    log.info({ tools: this.#all.length, left_out: Object.fromEntries(left) }, 'more tools than the model takes')
    const message = `The model takes ${max} tools at once, and there are ${this.#all.length}. Left out this time: ${where}. Name a tool in your message to have it among them.`
    return { type: 'notice', level: 'info', title: 'Not every tool is offered', message }
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
