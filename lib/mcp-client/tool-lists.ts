import type { MCPServerStreamableHttp } from '@openai/agents'

/** A server's own claims about a tool (MCP, ToolAnnotations). Nobody checks them: they count for what an admin confirmed. */
export type ToolAnnotations = { title?: string; readOnlyHint?: boolean; destructiveHint?: boolean; idempotentHint?: boolean }

/** A tool as its server lists it. The SDK's type leaves out what it does not use itself. */
export type McpTool = Awaited<ReturnType<MCPServerStreamableHttp['listTools']>>[number] & {
  title?: string
  outputSchema?: object
  annotations?: ToolAnnotations
}

const TTL_MS = 5 * 60_000
const MAX = 2_000

type Entry = { tools: McpTool[]; until: number }
type Memory = { lists: Map<string, Entry>; dead: Map<string, number> }

// Routes may be loaded in more than one module graph.
const shared = globalThis as { switchboardToolLists?: Memory }

function memory(): Memory {
  shared.switchboardToolLists ??= { lists: new Map(), dead: new Map() }
  return shared.switchboardToolLists
}

const keyOf = (url: string, userId: string) => JSON.stringify([url, userId])

/** The tools that a server offered this person within the last five minutes. */
export function rememberedTools(url: string, userId: string): McpTool[] | undefined {
  const entry = memory().lists.get(keyOf(url, userId))
  return entry && entry.until > Date.now() ? entry.tools : undefined
}

/** Keeps a list; the oldest of more than 2,000 is dropped. */
export function rememberTools(url: string, userId: string, tools: McpTool[]): void {
  const { lists } = memory()
  const key = keyOf(url, userId)
  lists.delete(key)
  lists.set(key, { tools, until: Date.now() + TTL_MS })
  const oldest = lists.size > MAX ? lists.keys().next().value : undefined
  if (oldest !== undefined) lists.delete(oldest)
}

/** Asks the server again next time: it did not know a tool of the list, or could not be reached. */
export function forgetTools(url: string, userId: string): void {
  memory().lists.delete(keyOf(url, userId))
}

const DEAD_MS = 30_000

/** Notes that a server did not answer in time: for half a minute no turn waits for it again. */
export function noteSilent(url: string): void {
  memory().dead.set(url, Date.now() + DEAD_MS)
}

/** True for half a minute after a server did not answer in time. */
export function isSilent(url: string): boolean {
  return (memory().dead.get(url) ?? 0) > Date.now()
}
