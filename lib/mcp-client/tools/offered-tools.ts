import { type EffectivePolicy, findPolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { hideBoundParameters } from '#lib/mcp-client/tools/bound-arguments.ts'
import { toModelTool } from '#lib/mcp-client/tools/model-tool.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/**
 * An offered tool: the public name that the model sees, its listed definition, and the parameters
 * that the session fills in.
 */
export type OfferedEntry = { name: string; tool: McpTool; filledIn: string[] }

/** An offered tool with an admin's policy for it. */
export type OfferedTool = { name: string; tool: McpTool; policy: EffectivePolicy }

/**
 * The tools of one server that a run may call, under their public names and their names at the
 * server.
 */
export class OfferedTools {
  /** The tools as the model sees them. */
  readonly forModel: McpTool[] = []
  readonly #byName = new Map<string, OfferedEntry>()
  readonly #byRaw = new Map<string, OfferedEntry>()
  readonly #server: McpServer
  readonly #policies: ToolPolicy[]

  constructor(server: McpServer, policies: ToolPolicy[]) {
    this.#server = server
    this.#policies = policies
  }

  add(entry: OfferedEntry): void {
    const { name, tool } = entry
    this.#byName.set(name, entry)
    this.#byRaw.set(tool.name, entry)
    this.forModel.push({ ...hideBoundParameters(toModelTool(tool).tool ?? tool, this.#server), name })
  }

  /** The tool with this public name. */
  named(name: string): OfferedEntry | undefined {
    return this.#byName.get(name)
  }

  /** The tool with this name at its server. */
  raw(tool: string): OfferedEntry | undefined {
    return this.#byRaw.get(tool)
  }

  /** The entry with the policy that an admin gave its tool. */
  ruled(entry: OfferedEntry | undefined): OfferedTool | undefined {
    if (!entry) return undefined
    const { name, tool } = entry
    return { name, tool, policy: findPolicy(this.#policies, this.#server.name, tool.name) }
  }
}
