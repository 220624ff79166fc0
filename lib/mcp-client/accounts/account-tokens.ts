import {
  discoverOAuthServerInfo,
  exchangeAuthorization,
  type OAuthDiscoveryState,
  type OAuthServerInfo,
  type OAuthTokens,
  refreshAuthorization,
  selectResourceURL,
} from '@modelcontextprotocol/client'
import type { Account } from '#lib/data/servers/server-accounts.ts'
import { AccountClient, toCallbackUrl } from '#lib/mcp-client/accounts/account-client.ts'
import { oauthFetch } from '#lib/mcp-client/accounts/oauth-fetch.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'

type OauthAccount = Extract<Account, { kind: 'oauth' }>

/**
 * Exchanges an authorization code for an account, at the authorization server that was discovered
 * when the person was sent there. Throws what the SDK throws.
 */
export async function exchangeCode(
  server: McpServer,
  {
    code,
    iss,
    verifier,
    discovered,
    scope,
  }: {
    code: string
    iss: string | undefined
    verifier: string
    discovered: OAuthDiscoveryState | undefined
    /** The scope that was asked for. */
    scope: string | undefined
  },
): Promise<OauthAccount> {
  const metadataUrl = discovered?.resourceMetadataUrl
  const place = await tokenPlace(server, { discovered, metadataUrl })
  const tokens = await exchangeAuthorization(place.address, {
    ...place.parameters,
    authorizationCode: code,
    iss,
    codeVerifier: verifier,
    redirectUri: toCallbackUrl(),
  })
  return { kind: 'oauth', issuer: place.issuer, tokens: { ...tokens }, savedAt: Date.now(), scope, metadataUrl }
}

/**
 * Returns the account with fresh tokens. A refresh token goes only to the authorization server that
 * issued it. Throws what the SDK throws.
 */
export async function refreshAccount(server: McpServer, account: OauthAccount): Promise<OauthAccount> {
  const { refresh_token: refreshToken } = account.tokens as OAuthTokens
  if (!refreshToken) throw new Error('there is no refresh token')
  const place = await tokenPlace(server, { account, metadataUrl: account.metadataUrl })
  const tokens = await refreshAuthorization(place.address, { ...place.parameters, refreshToken })
  return { ...account, tokens: { refresh_token: refreshToken, ...tokens }, savedAt: Date.now() }
}

async function tokenPlace(
  server: McpServer,
  {
    discovered,
    metadataUrl,
    account,
  }: {
    discovered?: OAuthServerInfo | undefined
    metadataUrl?: string | undefined
    /** The account whose tokens go there. */
    account?: OauthAccount
  },
) {
  const fetchFn = oauthFetch(server)
  const resourceMetadataUrl = metadataUrl === undefined ? undefined : new URL(metadataUrl)
  const info = discovered ?? (await discoverOAuthServerInfo(server.url, { fetchFn, resourceMetadataUrl }))
  const { authorizationServerUrl: address, authorizationServerMetadata: metadata, resourceMetadata } = info
  const issuer = metadata?.issuer ?? address
  // Checked before an admin's client is bound to this issuer.
  if (account && account.issuer !== issuer) throw new Error('the server signs in elsewhere now')
  const client = new AccountClient(server, { tokens: async () => undefined, save: async () => undefined })
  const clientInformation = await client.clientInformation({ issuer })
  if (!clientInformation) throw new Error('the authorization server does not know this installation')
  // Exactly as the metadata spells it: some servers compare it as text.
  const resource = (await selectResourceURL(server.url, client, resourceMetadata))
    ? resourceMetadata?.resource
    : undefined
  return { address, issuer, parameters: { metadata, clientInformation, resource, fetchFn } }
}
