import type { MCPServer } from '@openai/agents'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { processState } from '#lib/platform/process-state.ts'

/**
 * A server's own claims about a tool (MCP, ToolAnnotations). They are unverified and matter only if
 * an admin confirmed them.
 */
export type ToolAnnotations = {
  title?: string
  readOnlyHint?: boolean
  destructiveHint?: boolean
  idempotentHint?: boolean
}

/** A tool as its server lists it. The SDK's type omits the fields that the SDK does not use. */
export type McpTool = Awaited<ReturnType<MCPServer['listTools']>>[number] & {
  title?: string
  outputSchema?: object
  annotations?: ToolAnnotations
}

// Bounds of the lifetime that a server sets for its list; FIXED_MS if it sets none.
const SHORTEST_MS = 1_000
const LONGEST_MS = 3_600_000
const FIXED_MS = 300_000
const LISTS_MAX = 2_000

type Entry = { tools: McpTool[]; until: number; changedAt: number }
type Memory = Map<string, Entry>

const listMemory = processState('tool lists', (): Memory => new Map())

// Two servers may share an address but differ in what they are told about people.
type Listed = { id?: string; url: string }

/** The key under which a server's list for a person is remembered. */
export const listKey = ({ id, url }: Listed, userId: string) => JSON.stringify([id, url, userId])

/**
 * The tools that a server offered this person, while the list is valid. `stale` also returns an
 * expired list.
 */
export function findRememberedTools(server: Listed, userId: string, { stale = false } = {}): McpTool[] | undefined {
  const entry = listMemory().get(listKey(server, userId))
  return entry && (stale || entry.until > Date.now()) ? entry.tools : undefined
}

/**
 * Remembers a list. It is valid for `ttlMs` (MCP 2026-07-28, caching), at least 1 s and at most an
 * hour, or five minutes if the server does not say. It is expired at once if the server announced a
 * change after `askedAt`. Above 2,000 lists, the oldest is dropped.
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

/**
 * Expires a list because the server announced a change, so that it is asked again next time. Until
 * it answers, the old list is better than none.
 */
export function expireTools(server: Listed, userId: string): void {
  const entry = listMemory().get(listKey(server, userId))
  if (entry) Object.assign(entry, { until: 0, changedAt: Date.now() })
}

/**
 * Forgets a person's list, so that the server is asked again: it did not know a tool of the list,
 * or could not be reached.
 */
export function forgetTools(server: Listed, userId: string): void {
  listMemory().delete(listKey(server, userId))
}

/**
 * Forgets everyone's lists of a server, because what it is told about people, or what is known
 * about it, has changed.
 */
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

/** True if an outdated list may have caused a call's failure. The next turn then asks again. */
export function mayBeStale(failureClass: FailureClass): boolean {
  return STALE.has(failureClass)
}
