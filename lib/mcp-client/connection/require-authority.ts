import { type Authority, explainRefusal, findAuthority } from '#lib/data/people/authority.ts'
import { findServerState } from '#lib/data/servers/servers.ts'
import { Refusal, toMovedSentence } from '#lib/mcp-client/refusal.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'

/** On whose behalf requests are made. `onlyEnds`: they end what a run began, so the run may be over. */
export type Who = { userId: string; runId?: string; threadId?: string; onlyEnds?: boolean }

/** Returns the person's current standing. Throws Refusal if the account may no longer be used. */
export async function requireStanding(who: Who): Promise<Authority> {
  const authority = await findAuthority(who)
  if (!authority || authority.disabled) throw new Refusal('denied', explainRefusal(authority) ?? '')
  return authority
}

/**
 * Throws Refusal if a run may no longer call this server: its person was barred or signed out, the
 * run was stopped, or the server was withdrawn from them. Checked before each request of a run,
 * because this may have changed since the connection was opened.
 */
export async function requireAuthority(server: McpServer, { role, runEnded }: Authority): Promise<void> {
  if (runEnded !== null) throw new Refusal('denied', runEnded)
  const state = server.fromAdmin && server.id ? await findServerState(server.id) : server
  if (!state) throw new Refusal('denied', `${server.name} was removed by an administrator.`)
  if ('enabled' in state && !state.enabled)
    throw new Refusal('denied', `${server.name} was switched off by an administrator.`)
  if (state.url !== server.url) throw new Refusal('denied', toMovedSentence(server.name))
  if (state.audience === 'admins' && role !== 'admin')
    throw new Refusal('denied', `${server.name} is for administrators only.`)
}

const ENDS = new Set<unknown>(['notifications/cancelled', 'tasks/cancel'])

/**
 * True for requests that only end something. They are sent even after the run has ended, so that
 * the server stops its work and forgets the session.
 */
export function isClosing(method: string, message: { method?: string } | undefined): boolean {
  return method === 'DELETE' || ENDS.has(message?.method)
}
