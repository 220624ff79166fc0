import type {
  OAuthClientInformationContext,
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  OAuthTokens,
  StoredOAuthClientInformation,
} from '@modelcontextprotocol/client'
import { findRegistration, saveRegistration } from '#lib/data/servers/server-accounts.ts'
import { findHandMadeClient, requireClientIssuer } from '#lib/mcp-client/accounts/client-issuer.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { env } from '#lib/platform/env.ts'

/** The redirect URI to which an MCP server's authorization server sends people back. */
export function toCallbackUrl(): string {
  return `${env().APP_URL}/api/connections/callback`
}

/**
 * Describes this installation to authorization servers. Sent at registration and published as the
 * client-id metadata document.
 */
export function describeClient(): OAuthClientMetadata {
  return {
    client_name: 'Switchboard',
    client_uri: env().APP_URL,
    redirect_uris: [toCallbackUrl()],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
}

/**
 * The address of the client-id metadata document, which authorization servers fetch. Undefined
 * without https.
 */
export function toClientMetadataUrl(): string | undefined {
  const { APP_URL } = env()
  return APP_URL.startsWith('https:') ? `${APP_URL}/client-metadata.json` : undefined
}

/** What an OAuth flow keeps between its steps. Leave out steps that cannot occur: they throw. */
export type AccountSteps = {
  tokens: () => Promise<OAuthTokens | undefined>
  save: (tokens: OAuthTokens, issuer: string | undefined) => Promise<void>
  state?: string
  redirect?: (url: URL) => void
  verifier?: { get: () => string; set: (verifier: string) => void }
  discovery?: { get: () => OAuthDiscoveryState | undefined; set: (found: OAuthDiscoveryState) => void }
}

/**
 * Our client side of OAuth at an MCP server (authorization section of the MCP specification),
 * driven by the SDK.
 */
export class AccountClient implements OAuthClientProvider {
  readonly #server: McpServer
  readonly #steps: AccountSteps

  constructor(server: McpServer, steps: AccountSteps) {
    this.#server = server
    this.#steps = steps
  }

  get redirectUrl(): string {
    return toCallbackUrl()
  }

  get clientMetadataUrl(): string | undefined {
    return toClientMetadataUrl()
  }

  get clientMetadata(): OAuthClientMetadata {
    const { identity } = this.#server.config ?? {}
    return { ...describeClient(), ...(identity?.kind === 'oauth' && identity.scope && { scope: identity.scope }) }
  }

  state(): string {
    return this.#steps.state ?? ''
  }

  /**
   * Throws conflict if the server names another authorization server than that of its client. What
   * is returned names its issuer, or the SDK would store an admin's client as a registration.
   */
  async clientInformation(context?: OAuthClientInformationContext): Promise<StoredOAuthClientInformation | undefined> {
    const client = findHandMadeClient(this.#server)
    if (client) {
      await requireClientIssuer(this.#server, client, context?.issuer)
      const secret = this.#server.secrets?.clientSecret
      return { client_id: client.clientId, ...(secret && { client_secret: secret }), issuer: context?.issuer }
    }
    return ((await findRegistration(this.#authority(context))) as StoredOAuthClientInformation | null) ?? undefined
  }

  async saveClientInformation(
    client: OAuthClientInformationMixed,
    context?: OAuthClientInformationContext,
  ): Promise<void> {
    await saveRegistration(this.#authority(context), client)
  }

  tokens(): Promise<OAuthTokens | undefined> {
    return this.#steps.tokens()
  }

  saveTokens(tokens: OAuthTokens, context?: OAuthClientInformationContext): Promise<void> {
    return this.#steps.save(tokens, context?.issuer)
  }

  redirectToAuthorization(url: URL): void {
    if (!this.#steps.redirect) throw new Error('the person has to connect again')
    this.#steps.redirect(url)
  }

  saveCodeVerifier(verifier: string): void {
    this.#steps.verifier?.set(verifier)
  }

  codeVerifier(): string {
    return this.#steps.verifier?.get() ?? ''
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#steps.discovery?.get()
  }

  saveDiscoveryState(found: OAuthDiscoveryState): void {
    this.#steps.discovery?.set(found)
  }

  async invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): Promise<void> {
    // Tokens are replaced, or found broken, where they are used. Only an invalid client
    // registration would stay wrong for ever.
    if (scope === 'client' || scope === 'all') await saveRegistration(this.#authority(), null)
  }

  // Keyed by issuer, so that two servers behind one authorization server share a registration.
  #authority(context?: OAuthClientInformationContext): string {
    if (context?.issuer) this.#issuer = context.issuer
    return this.#issuer ?? this.#server.url
  }
  #issuer: string | undefined
}
