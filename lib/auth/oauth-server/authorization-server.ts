import { randomBytes } from 'node:crypto'
import Provider, { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { makeAdapter } from '#lib/auth/oauth-server/adapter.ts'
import { applyClientRules } from '#lib/auth/oauth-server/client-rules.ts'
import { isScope, SCOPES } from '#lib/auth/tokens/scopes.ts'
import { loadSigningKeys } from '#lib/auth/tokens/signing-keys.ts'
import { findOauthGrant } from '#lib/data/oauth/oauth-grants.ts'
import { ACCESS_TOKEN_PREFIX, REFRESH_TOKEN_PREFIX } from '#lib/data/oauth/oauth-records.ts'
import { findStanding } from '#lib/data/people/users.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'
import { fetchPublic } from '#lib/platform/net/public-fetch.ts'
import { processState } from '#lib/platform/process-state.ts'

// The OpenID Connect scopes that we support: identity and refresh tokens.
const IDENTITY_SCOPES = ['openid', 'offline_access']
const HOUR = 3_600
/** An authorized app that is unused for this many days must ask again. */
const UNUSED_DAYS = 60
const DOCUMENT_MAX_BYTES = 16_384
const KEYS_REREAD_MS = 60_000

/**
 * Fetches the documents that a client's metadata names: its metadata document and its key set.
 * Tests pass their own.
 */
export type FetchDocument = (address: string, options: { signal: AbortSignal }) => Promise<Response>

const fetchPublicly: FetchDocument = (address, { signal }) =>
  fetchPublic(address, { signal, maxBytes: DOCUMENT_MAX_BYTES })

const made = processState('oauth', (): { current?: { server: Provider; keyIds: string; readAt: number } } => ({}))

/**
 * Returns our authorization server with the current keys. The keys are read from the database again
 * once a minute.
 */
export async function openAuthorizationServer(): Promise<Provider> {
  const known = made().current
  if (known && Date.now() - known.readAt < KEYS_REREAD_MS && known.server.issuer === env().APP_URL) return known.server
  const keys = await loadSigningKeys()
  const keyIds = keys.map(({ kid }) => kid).join(' ')
  const same = known?.keyIds === keyIds && known.server.issuer === env().APP_URL
  const server = same ? known.server : makeAuthorizationServer(keys)
  made().current = { server, keyIds, readAt: Date.now() }
  return server
}

/**
 * Creates an authorization server (OAuth 2.1, OpenID Connect) at APP_URL for the audience
 * `${APP_URL}/mcp`. It stores everything in the database.
 */
export function makeAuthorizationServer(keys: object[], fetchDocument: FetchDocument = fetchPublicly): Provider {
  const issuer = env().APP_URL
  const server = new Provider(issuer, configuration(`${issuer}/mcp`, keys, fetchDocument))
  logFailures(server)
  prefixTokens(server)
  return server
}

function configuration(resource: string, keys: object[], fetchDocument: FetchDocument): Configuration {
  return {
    adapter: (kind: string) => makeAdapter(kind, resource),
    jwks: { keys },
    fetch: (address, options) =>
      fetchDocument(String(address), { signal: options?.signal ?? AbortSignal.timeout(2_500) }),
    fetchResponseBodyLimits: { 'client_id metadata document': DOCUMENT_MAX_BYTES, jwks_uri: DOCUMENT_MAX_BYTES },
    routes: {
      authorization: '/oauth/authorize',
      token: '/oauth/token',
      registration: '/oauth/register',
      revocation: '/oauth/revoke',
      jwks: '/oauth/jwks',
    },
    scopes: [...IDENTITY_SCOPES, ...Object.keys(SCOPES)],
    responseTypes: ['code'],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    clientDefaults: { application_type: 'native' },
    // A single extra property, so that the rules run once for every client.
    extraClientMetadata: {
      properties: ['switchboard_rules'],
      validator: (_context, _key, _value, metadata) => applyClientRules(metadata),
    },
    extraParams: { scope: chooseScopes },
    pkce: { required: () => true },
    cookies: {
      keys: [Buffer.from(deriveKey('consent cookies')).toString('base64url')],
      names: { session: 'switchboard-oauth', interaction: 'switchboard-consent', resume: 'switchboard-consent-resume' },
      short: { httpOnly: true, signed: true, sameSite: 'lax' },
      long: { httpOnly: true, signed: true, sameSite: 'lax' },
    },
    interactions: { url: (_context, { uid }) => `/oauth/consent/${uid}`, policy: interactionPolicy.base() },
    loadExistingGrant: ({ oidc }) => {
      const id = oidc.result?.consent?.grantId
      return id ? oidc.provider.Grant.find(id) : Promise.resolve(undefined)
    },
    findAccount: async ({ oidc }, id, token) => {
      // oidc-provider would check this only after it used up a refresh token, and the client would
      // lose its access.
      const asked = oidc.params?.resource
      if (typeof asked === 'string' && asked !== resource)
        throw new errors.InvalidTarget(`the only resource here is ${resource}`)
      const grantId = (token as { grantId?: string } | undefined)?.grantId
      const valid = grantId ? (await findOauthGrant(grantId))?.ownerId === id : await findStanding(id)
      return valid ? { accountId: id, claims: () => ({ sub: id }) } : undefined
    },
    expiresWithSession: () => false,
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,
    clientBasedCORS: () => false,
    renderError,
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: 60,
      Grant: UNUSED_DAYS * 24 * HOUR,
      IdToken: HOUR,
      Interaction: HOUR,
      RefreshToken: UNUSED_DAYS * 24 * HOUR,
      Session: HOUR,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      registration: {
        enabled: true,
        idFactory: () => `client_${randomBytes(16).toString('base64url')}`,
        issueRegistrationAccessToken: false,
      },
      clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, asked) => {
          if (asked !== resource) throw new errors.InvalidTarget(`the only resource here is ${resource}`)
          return {
            audience: resource,
            scope: Object.keys(SCOPES).join(' '),
            accessTokenTTL: HOUR,
            accessTokenFormat: 'opaque',
          }
        },
      },
    },
  }
}

/**
 * A request without any of our scopes asks for all of them. Unknown scopes are dropped. A request
 * for unknown scopes only is refused.
 */
function chooseScopes({ oidc }: KoaContextWithOIDC, asked: unknown): void {
  const all = typeof asked === 'string' ? asked.split(' ') : []
  const identity = all.filter((scope) => IDENTITY_SCOPES.includes(scope))
  const others = all.filter((scope) => !IDENTITY_SCOPES.includes(scope))
  const known = others.length > 0 ? others.filter(isScope) : Object.keys(SCOPES)
  if (known.length === 0) throw new errors.InvalidScope('none of the requested scopes exists here', others.join(' '))
  if (oidc.params) oidc.params.scope = [...identity, ...known].join(' ')
}

/**
 * Handles errors that cannot be sent to the client. Browsers see our page with a sentence for the
 * code, never text from the request.
 */
function renderError(context: KoaContextWithOIDC, out: { error: string }): void {
  if (context.accepts('json', 'html') === 'html')
    context.redirect(`/oauth/consent/problem?code=${encodeURIComponent(out.error)}`)
  else context.body = out
}

type WithTokenId = { generateTokenId(): string }

function prefixTokens(server: Provider): void {
  for (const [model, prefix] of [
    [server.AccessToken, ACCESS_TOKEN_PREFIX],
    [server.RefreshToken, REFRESH_TOKEN_PREFIX],
  ] as const) {
    const prototype = model.prototype as unknown as WithTokenId
    const { generateTokenId } = prototype
    prototype.generateTokenId = function (this: WithTokenId) {
      return prefix + generateTokenId.call(this)
    }
  }
}

type Listener = (
  context: KoaContextWithOIDC,
  error: Error & { error_detail?: string; error_description?: string },
) => void

function logFailures(server: Provider): void {
  const on = server.on.bind(server) as (event: string, listener: Listener) => unknown
  on('server_error', (_context, error) => log.error({ error }, 'the authorization server failed'))
  // Client errors need no stack.
  for (const event of ['authorization.error', 'grant.error', 'registration_create.error', 'revocation.error'])
    on(event, ({ oidc }, { message, error_description: description, error_detail: detail }) =>
      log.info({ code: message, description, detail, client_id: oidc.client?.clientId }, `oauth ${event}`),
    )
  const failures = server as { on(event: 'error', listener: (error: unknown) => void): unknown }
  failures.on('error', (error) => log.error({ error }, 'the authorization server failed'))
}
