import { type Authority, findAuthority, whyRefused } from '#lib/data/people/authority.ts'
import { findServerState } from '#lib/data/servers/servers.ts'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import type { McpServer } from '#lib/mcp-client/servers/servers.ts'

/** For whom requests are made. */
export type Who = { userId: string; runId?: string; threadId?: string }

/** Who somebody is as of now. Throws Refusal where the account may no longer be used. */
export async function requireStanding(who: Who): Promise<Authority> {
  const authority = await findAuthority(who)
  if (!authority || authority.disabled) throw new Refusal('denied', whyRefused(authority) ?? '')
  return authority
}

/**
 * Throws Refusal where a run may not call this server any more: its person was barred or signed out, it was stopped, or the server was
 * taken away from them. Asked before each request of a run, because the answer may have changed since its connection was opened.
 */
export async function requireAuthority(server: McpServer, { role, runEnded }: Authority): Promise<void> {
  if (runEnded !== null) throw new Refusal('denied', runEnded)
  const state = server.fromAdmin && server.id ? await findServerState(server.id) : server
  if (!state) throw new Refusal('denied', `${server.name} was removed by an administrator.`)
  if ('enabled' in state && !state.enabled)
    throw new Refusal('denied', `${server.name} was switched off by an administrator.`)
  if (state.url !== server.url)
    throw new Refusal('denied', `The address of ${server.name} was changed by an administrator.`)
  if (state.audience === 'admins' && role !== 'admin')
    throw new Refusal('denied', `${server.name} is for administrators only.`)
}

/** True for what only ends something: it goes out after the run, so that a server stops its work and forgets the session. */
export function isClosing(method: string, message: { method?: string } | undefined): boolean {
  return method === 'DELETE' || message?.method === 'notifications/cancelled'
}
