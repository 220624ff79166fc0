import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/**
 * An offered tool: the public name that the model sees, its listed definition, and the parameters
 * that the session fills in.
 */
export type OfferedEntry = { name: string; tool: McpTool; filledIn: string[] }

/**
 * The tools of one server that a run may call, under their public names and their names at the
 * server.
 */
export class OfferedTools {
  readonly #byName = new Map<string, OfferedEntry>()
  readonly #byRaw = new Map<string, OfferedEntry>()

  add(entry: OfferedEntry): void {
    this.#byName.set(entry.name, entry)
    this.#byRaw.set(entry.tool.name, entry)
  }

  /** The tool with this public name. */
  named(name: string): OfferedEntry | undefined {
    return this.#byName.get(name)
  }

  /** The tool with this name at its server. */
  raw(tool: string): OfferedEntry | undefined {
    return this.#byRaw.get(tool)
  }
}
