import type { FunctionTool } from '@openai/agents'
import type { ModelView } from '#lib/agent/tools/search/call-tool.ts'
import { listLately, rankTools } from '#lib/agent/tools/search/rank-tools.ts'
import { makeSearchTools } from '#lib/agent/tools/search/search-tools.ts'
import type { FindableTool } from '#lib/agent/tools/search/tool-index.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'
import { log } from '#lib/platform/log.ts'

type About = {
  /** The most tools that the model sees at once, at least 2. */
  max: number
  /** Where a tool is from; undefined for one of no server, such as one that asks for an account. */
  findOrigin: (name: string) => Origin | undefined
  /** The tools that this turn must have. */
  needed: readonly { name: string }[]
  /** The person's message. */
  said: string
  /** The thread's recent items, oldest first. */
  items: ThreadItem[]
}

/** The server of a tool, and its name for people there. */
export type Origin = { server: string; isBuiltin: boolean; title?: string | undefined }

/**
 * The tools of an agent. With a `view`, its model sees only some of them, and `hidden` are the lines
 * that tell it of the others. `ranked` are the names of those that it sees, most needed first.
 */
export type Offer<Context> = {
  tools: FunctionTool<Context>[]
  view?: ModelView
  hidden?: string[]
  ranked: string[]
}

const SERVERS_MAX = 50

/**
 * Offers a turn's tools to a model. If there are more than `max`, it sees at most so many, two of
 * which find and call the others.
 */
export function offerTools<Context>(
  tools: FunctionTool<Context>[],
  { max, findOrigin, needed, said, items }: About,
): Offer<Context> {
  const names = tools.map(({ name }) => name)
  const findTools = toFreeName('find_tools', names)
  const origins = new Map(names.map((name) => [name, findOrigin(name)]))
  const wanted = rankTools(names, {
    isBuiltin: (name) => origins.get(name)?.isBuiltin === true,
    needed: new Set(needed.map(({ name }) => name)),
    said,
    lately: listLately(items, findTools),
  })
  if (tools.length <= max) return { tools, ranked: [...new Set([...wanted, ...names])] }
  const callTool = toFreeName('call_tool', names)
  const shown = new Set(wanted.slice(0, Math.max(0, max - 2)))
  const findable = tools.map((tool) => toFindable(tool, origins.get(tool.name)))
  const search = makeSearchTools<Context>({ findTools, callTool }, findable, (name) => shown.has(name))
  const unseen = findable.filter(({ name }) => !shown.has(name))
  const hidden = describeHidden(unseen, { findTools, callTool })
  log.debug({ tools: tools.length, shown: shown.size }, 'more tools than the model sees at once')
  const view = {
    shown: new Set([...shown, findTools, callTool]),
    all: new Set([...names, findTools]),
    findTools,
    callTool,
  }
  return { tools: [...tools, ...search], view, hidden, ranked: [findTools, callTool, ...shown] }
}

function toFindable<Context>(
  { name, description, parameters }: FunctionTool<Context>,
  { server = '', title }: Partial<Origin> = {},
): FindableTool {
  return { name, description, parameters, server, title }
}

function describeHidden(
  tools: FindableTool[],
  { findTools, callTool }: Pick<ModelView, 'findTools' | 'callTool'>,
): string[] {
  const counts = new Map<string, number>()
  for (const { server } of tools) if (server) counts.set(server, (counts.get(server) ?? 0) + 1)
  const named = [...counts].slice(0, SERVERS_MAX).map(([server, count]) => `${server} (${count})`)
  const more = counts.size > SERVERS_MAX ? `, and ${counts.size - SERVERS_MAX} more servers` : ''
  return [
    `There are more tools than you see here, of these servers: ${named.join(', ')}${more}.`,
    `- If none of your own tools fits, find one with ${findTools} before you say that something cannot be done. Call what you found with ${callTool}.`,
    '- If nothing that was found fits, search again in other words, once or twice.',
  ]
}

/** The name, with a number appended if a server's tool has it. */
function toFreeName(name: string, taken: string[]): string {
  let free = name
  for (let count = 2; taken.includes(free); count += 1) free = `${name}_${count}`
  return free
}
