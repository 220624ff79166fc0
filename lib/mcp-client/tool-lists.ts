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
type Memory = Map<string, Entry>

// Routes may be loaded in more than one module graph.
const shared = globalThis as { switchboardToolLists?: Memory }

function memory(): Memory {
  shared.switchboardToolLists ??= new Map()
  return shared.switchboardToolLists
}

// Two servers may share an address and differ in whom they are told of.
type Listed = { id?: string; url: string }
const keyOf = ({ id, url }: Listed, userId: string) => JSON.stringify([id, url, userId])

/** The tools that a server offered this person within the last five minutes; `stale`: whenever it was. */
export function rememberedTools(server: Listed, userId: string, { stale = false } = {}): McpTool[] | undefined {
  const entry = memory().get(keyOf(server, userId))
  return entry && (stale || entry.until > Date.now()) ? entry.tools : undefined
}

/** Keeps a list; the oldest of more than 2,000 is dropped. */
export function rememberTools(server: Listed, userId: string, tools: McpTool[]): void {
  const lists = memory()
  const key = keyOf(server, userId)
  lists.delete(key)
  lists.set(key, { tools, until: Date.now() + TTL_MS })
  const oldest = lists.size > MAX ? lists.keys().next().value : undefined
  if (oldest !== undefined) lists.delete(oldest)
}

/** Asks the server again next time: it did not know a tool of the list, or could not be reached. */
export function forgetTools(server: Listed, userId: string): void {
  memory().delete(keyOf(server, userId))
}

/** Asks the server again for everybody: what it is told of people, or what is known of it, has changed. */
export function forgetServer(server: Listed): void {
  const start = JSON.stringify([server.id, server.url]).slice(0, -1)
  for (const key of memory().keys()) if (key.startsWith(start)) memory().delete(key)
}
