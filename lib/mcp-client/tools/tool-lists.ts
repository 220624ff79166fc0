import type { MCPServerStreamableHttp } from '@openai/agents'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { processState } from '#lib/platform/process-state.ts'

/** A server's own claims about a tool (MCP, ToolAnnotations). Nobody checks them: they count for what an admin confirmed. */
export type ToolAnnotations = {
  title?: string
  readOnlyHint?: boolean
  destructiveHint?: boolean
  idempotentHint?: boolean
}

/** A tool as its server lists it. The SDK's type leaves out what it does not use itself. */
export type McpTool = Awaited<ReturnType<MCPServerStreamableHttp['listTools']>>[number] & {
  title?: string
  outputSchema?: object
  annotations?: ToolAnnotations
}

// What a server says of a list's lifetime counts within these bounds; FIXED where it says nothing.
const SHORTEST_MS = 1_000
const LONGEST_MS = 3_600_000
const FIXED_MS = 300_000
const LISTS_MAX = 2_000

type Entry = { tools: McpTool[]; until: number; changedAt: number }
type Memory = Map<string, Entry>

const listMemory = processState('tool lists', (): Memory => new Map())

// Two servers may share an address and differ in whom they are told of.
type Listed = { id?: string; url: string }

/** Under which key a server's list for a person is remembered. */
export const listKey = ({ id, url }: Listed, userId: string) => JSON.stringify([id, url, userId])

/** The tools that a server offered this person, while they count; `stale`: whenever it was. */
export function findRememberedTools(server: Listed, userId: string, { stale = false } = {}): McpTool[] | undefined {
  const entry = listMemory().get(listKey(server, userId))
  return entry && (stale || entry.until > Date.now()) ? entry.tools : undefined
}

/**
 * Keeps a list. It counts for `ttlMs` (MCP 2026-07-28, caching), at least a second and at most an hour, five minutes where the
 * server does not say; not at all where the server said after `askedAt` that it has changed. The oldest of more than 2,000 is dropped.
 */
export function rememberTools(
  server: Listed,
  userId: string,
  tools: McpTool[],
  { ttlMs = FIXED_MS, askedAt = Date.now() }: { ttlMs?: number; askedAt?: number } = {},
): void {
  const lists = listMemory()
  const key = listKey(server, userId)
  const changedAt = lists.get(key)?.changedAt ?? 0
  const counts = Math.min(Math.max(ttlMs, SHORTEST_MS), LONGEST_MS)
  lists.delete(key)
  lists.set(key, { tools, until: changedAt >= askedAt ? 0 : Date.now() + counts, changedAt })
  const oldest = lists.size > LISTS_MAX ? lists.keys().next().value : undefined
  if (oldest !== undefined) lists.delete(oldest)
}

/** The server said that its list has changed: it is asked again next time. Until it answers, what is known is better than nothing. */
export function expireTools(server: Listed, userId: string): void {
  const entry = listMemory().get(listKey(server, userId))
  if (entry) Object.assign(entry, { until: 0, changedAt: Date.now() })
}

/** Asks the server again next time: it did not know a tool of the list, or could not be reached. */
export function forgetTools(server: Listed, userId: string): void {
  listMemory().delete(listKey(server, userId))
}

/** Asks the server again for everybody: what it is told of people, or what is known of it, has changed. */
export function forgetServer(server: Listed): void {
  const start = JSON.stringify([server.id, server.url]).slice(0, -1)
  for (const key of listMemory().keys()) if (key.startsWith(start)) listMemory().delete(key)
}

const STALE: ReadonlySet<FailureClass> = new Set([
  'refused',
  'dns',
  'protocol_error',
  'server_error',
  'session_lost',
  'bad_arguments',
])

/** True for a call's failure that a remembered list may be the reason of: the next turn asks again. */
export function mayBeStale(failureClass: FailureClass): boolean {
  return STALE.has(failureClass)
}
