import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'

/** What decides which tools come first if a model takes fewer than there are. */
type Preference = {
  connections: ToolConnection[]
  /**
   * Names of tools that this turn must have: those of resumed calls, and those that ask for an
   * account.
   */
  needed: ReadonlySet<string>
  /** The person's message. A tool that it names is wanted. */
  said: string
  /** Recently called tools, newest first. */
  recent: { server: string; tool: string }[]
}

/** The tools that a model is offered, and how many of each server are left out. */
export type LimitedTools<Tool> = { offered: Tool[]; left: Map<string, number> }

/**
 * The `max` tools that a turn is most likely to need, in their original order. First come those
 * that it needs or that the person names, then our own, then the recently used, then the others:
 * the first of each server, the second of each, and so on.
 */
export function limitTools<Tool extends { name: string }>(
  tools: Tool[],
  max: number,
  preference: Preference,
): LimitedTools<Tool> {
  const ranked = tools.map((tool) => ({ tool, ...placeOf(tool.name, preference) }))
  const seen = new Map<string, number>()
  const ordered = ranked
    .map((entry) => {
      const turn = seen.get(entry.server) ?? 0
      seen.set(entry.server, turn + 1)
      return { ...entry, turn }
    })
    .sort((one, other) => one.rank - other.rank || one.turn - other.turn)
  const kept = new Set(ordered.slice(0, max).map(({ tool }) => tool))
  const left = new Map<string, number>()
  for (const { tool, server } of ordered) if (!kept.has(tool)) left.set(server, (left.get(server) ?? 0) + 1)
  return { offered: tools.filter((tool) => kept.has(tool)), left }
}

function placeOf(name: string, { connections, needed, said, recent }: Preference): { server: string; rank: number } {
  const connection = connections.find((candidate) => candidate.offered(name))
  const tool = connection?.offered(name)?.tool
  const server = connection?.server.name ?? ''
  if (needed.has(name) || isNamed(name, said)) return { server, rank: 0 }
  if (connection?.server.builtin) return { server, rank: 1 }
  const lately = recent.findIndex((call) => call.server === server && call.tool === tool?.name)
  return { server, rank: lately < 0 ? Number.MAX_SAFE_INTEGER : 2 + lately }
}

/** Ignores names without an underscore: a plain word may occur in any text. */
function isNamed(name: string, said: string): boolean {
  return name.includes('_') && said.toLowerCase().replaceAll('-', '_').includes(name.toLowerCase())
}
