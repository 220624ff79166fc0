import { computeScopeUnion, isStrictScopeSuperset } from '@modelcontextprotocol/client'
import { type Account, changeAccount, findAccount, markAccountBroken } from '#lib/data/servers/server-accounts.ts'
import { refreshAccount } from '#lib/mcp-client/accounts/account-tokens.ts'
import { readWiderScope } from '#lib/mcp-client/accounts/challenge.ts'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

type Owner = { userId: string }
type OauthAccount = Extract<Account, { kind: 'oauth' }>

const EXPIRES_SOON_MS = 30_000

// Two requests that find the token expired must not both use the same refresh token.
const refreshes = processState('account refreshes', () => new Map<string, Promise<Account | null>>())

/** The page where people connect their accounts. */
export function toAccountsUrl(): string {
  return `${env().APP_URL}/settings/connections`
}

/** True if each person needs their own account at the server. */
export function needsAccount({ config }: McpServer): boolean {
  return config?.identity.kind === 'oauth' || config?.identity.kind === 'key'
}

/**
 * The headers that carry the owner's connected account. Empty if the server needs no account.
 * Throws Refusal if none is connected.
 */
export async function makeAccountHeaders(server: McpServer, owner: Owner): Promise<Record<string, string>> {
  const { identity } = server.config ?? {}
  if (!needsAccount(server) || !server.id || !identity) return {}
  const account = await findAccount(owner, server.id)
  if (account?.kind !== identity.kind) throw notConnected(server)
  if (account.kind === 'key') {
    if (identity.kind !== 'key') throw notConnected(server)
    return { [identity.header.toLowerCase()]: identity.format.replaceAll('{{key}}', account.key) }
  }
  const valid = expiresSoon(account) ? await refreshIfExpiring(server, owner, account) : account
  if (valid?.kind !== 'oauth') throw notConnected(server)
  return { authorization: `Bearer ${String(valid.tokens.access_token)}` }
}

/**
 * Handles a 401. Resolves to true if the account was refreshed and the request should be retried,
 * and to false if the server needs no account. Otherwise marks the account as broken and throws
 * Refusal.
 */
export async function refreshRefusedAccount(server: McpServer, owner: Owner, response: Response): Promise<boolean> {
  if (!needsAccount(server) || !server.id) return false
  const account = await findAccount(owner, server.id)
  if (account?.kind === 'oauth' && (await refreshIfExpiring(server, owner, account))) return true
  await response.body?.cancel()
  await markAccountBroken(owner, server.id)
  throw notConnected(server)
}

/**
 * Handles a 403. If the server asks for a wider scope than the owner's account was asked for, notes
 * it, so that the owner can connect again with that scope, and throws Refusal. A scope that was
 * asked for before is not asked for again: the answer would be the same.
 */
export async function requireWideEnough(server: McpServer, owner: Owner, response: Response): Promise<void> {
  const widerScope = readWiderScope(response)
  if (!needsAccount(server) || !server.id || widerScope === undefined) return
  const account = await findAccount(owner, server.id)
  if (account?.kind !== 'oauth') return
  const { scope, tokens } = account
  if (!isStrictScopeSuperset(widerScope, computeScopeUnion(scope, String(tokens.scope ?? '')))) return
  await response.body?.cancel()
  await changeAccount(owner, server.id, (now) => (now.kind === 'oauth' ? { ...now, widerScope } : undefined))
  const sentence = `${server.name} wants more permissions for this than you gave it. Connect your account again at ${toAccountsUrl()}, then ask again.`
  throw new Refusal('unauthorised', sentence, { connect: server.id })
}

/** The sentence for a server whose account is missing or no longer accepted. */
export function explainMissingAccount({ name }: McpServer): string {
  return `${name} needs your own account there. Connect it at ${toAccountsUrl()}, then ask again.`
}

function notConnected(server: McpServer): Refusal {
  return new Refusal('unauthorised', explainMissingAccount(server), { connect: server.id })
}

function expiresSoon(account: OauthAccount): boolean {
  const seconds = Number(account.tokens.expires_in)
  return Number.isFinite(seconds) && account.savedAt + seconds * 1000 < Date.now() + EXPIRES_SOON_MS
}

/**
 * Returns the account with a new access token, or null if the owner has to connect again. Runs one
 * refresh at a time for each account.
 */
function refreshIfExpiring(server: McpServer, owner: Owner, used: OauthAccount): Promise<Account | null> {
  const key = JSON.stringify([owner.userId, server.id])
  const running = refreshes().get(key) ?? refresh(server, owner, used).finally(() => refreshes().delete(key))
  refreshes().set(key, running)
  return running
}

async function refresh(server: McpServer, owner: Owner, used: OauthAccount): Promise<Account | null> {
  const newer = async () => {
    const now = await findAccount(owner, server.id ?? '')
    return now?.kind === 'oauth' && now.savedAt > used.savedAt ? now : null
  }
  // Another request, here or on another replica, may already have refreshed it.
  const already = await newer()
  if (already) return already
  try {
    const { tokens, savedAt } = await refreshAccount(server, used)
    // What was noted of the account meanwhile is kept, and one that was connected meanwhile too.
    return await changeAccount(owner, server.id ?? '', (now) =>
      now.kind === 'oauth' && now.savedAt === used.savedAt ? { ...now, tokens, savedAt } : undefined,
    )
  } catch (error) {
    log.info({ error, server: server.name }, 'an account at an MCP server could not be refreshed')
    return newer()
  }
}
