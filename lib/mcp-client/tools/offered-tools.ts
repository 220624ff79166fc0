import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/** A tool that is offered: its server's name for it and the one that the model sees, as it is listed, and what of its parameters the session fills in. */
export type OfferedEntry = { name: string; tool: McpTool; filledIn: string[] }

/** The tools of one server that a run may call, under both of their names. */
export class OfferedTools {
  readonly #byName = new Map<string, OfferedEntry>()
  readonly #byRaw = new Map<string, OfferedEntry>()

  add(entry: OfferedEntry): void {
    this.#byName.set(entry.name, entry)
    this.#byRaw.set(entry.tool.name, entry)
  }

  /** The tool that the model sees under this name. */
  named(name: string): OfferedEntry | undefined {
    return this.#byName.get(name)
  }

  /** The tool of this own name. */
  raw(tool: string): OfferedEntry | undefined {
    return this.#byRaw.get(tool)
  }
}
