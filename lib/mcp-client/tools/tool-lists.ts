import type { MCPServer } from '@openai/agents'
import type { FailureClass } from '#lib/data/runs/tool-calls.ts'
import { offerLists } from '#lib/mcp-client/lists/offer-lists.ts'
import { RememberedLists } from '#lib/mcp-client/lists/remembered-lists.ts'

/**
 * A server's own claims about a tool (MCP, ToolAnnotations). They are unverified and matter only if
 * an admin confirmed them.
 */
export type ToolAnnotations = {
  title?: string
  readOnlyHint?: boolean
  destructiveHint?: boolean
  idempotentHint?: boolean
  openWorldHint?: boolean
}

/** A tool as its server lists it. The SDK's type omits the fields that the SDK does not use. */
export type McpTool = Awaited<ReturnType<MCPServer['listTools']>>[number] & {
  title?: string
  outputSchema?: object
  annotations?: ToolAnnotations
}

const LISTS_MAX = 2_000

// A server may offer more to a client that says it can ask its person, so lists for one are not
// lists for the other.
const plainLists = new RememberedLists<McpTool[]>('tool lists', LISTS_MAX)
const askingLists = new RememberedLists<McpTool[]>('tool lists of clients that ask', LISTS_MAX)
const allLists = [plainLists, askingLists]

type Listed = Parameters<typeof plainLists.find>[0]
type Remembered = Parameters<typeof plainLists.remember>

/**
 * The tools that a server offered this person, while the list is valid. `stale` also returns an
 * expired list, `asks` one for a client that can ask its person.
 */
export function findRememberedTools(
  server: Listed,
  userId: string,
  { asks = false, ...given }: { stale?: boolean; asks?: boolean } = {},
): McpTool[] | undefined {
  return (asks ? askingLists : plainLists).find(server, userId, given)
}

/**
 * Remembers a list for as long as the server says (`ttlMs`), within bounds. It is expired at once
 * if the server announced a change after `askedAt`. `asks`: the server was told that its client can
 * ask its person.
 */
export function rememberTools(
  server: Listed,
  userId: string,
  tools: McpTool[],
  { asks = false, ...given }: Remembered[3] & { asks?: boolean } = {},
): void {
  const lists = asks ? askingLists : plainLists
  lists.remember(server, userId, tools, given)
}

/**
 * Expires a list because the server announced a change, so that it is asked again next time. Until
 * it answers, the old list is better than none.
 */
export function expireTools(server: Listed, userId: string): void {
  for (const lists of allLists) lists.expire(server, userId)
}

/**
 * Forgets what a server listed for a person, so that it is asked again: it did not know a tool of
 * the list, or could not be reached, or the person's account at it changed.
 */
export function forgetTools(server: Listed, userId: string): void {
  for (const lists of allLists) lists.forget(server, userId)
  offerLists.forget(server, userId)
}

/**
 * Forgets everyone's lists of a server, because what it is told about people, or what is known
 * about it, has changed.
 */
export function forgetServer(server: Listed): void {
  for (const lists of allLists) lists.forgetServer(server)
  offerLists.forgetServer(server)
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
