import { type Account, findAccount, markAccountBroken, saveAccount } from '#lib/data/servers/server-accounts.ts'
import { refreshAccount } from '#lib/mcp-client/accounts/account-tokens.ts'
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
    const fresh = await refreshAccount(server, used)
    await saveAccount(owner, server.id ?? '', fresh, { fresh: false })
    return fresh
  } catch (error) {
    log.info({ error, server: server.name }, 'an account at an MCP server could not be refreshed')
    return newer()
  }
}
