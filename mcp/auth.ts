import { toResourceMetadataUrl } from '#lib/auth/oauth-server/metadata.ts'
import { findBearerCaller } from '#lib/auth/tokens/find-bearer-caller.ts'
import { hasScope, SCOPES, type Scope } from '#lib/auth/tokens/scopes.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'

const TOKEN_MAX_CHARS = 4_096

/** Resolves to the caller of a request, or to the response that refuses it. */
export type Authenticate = (request: Request) => Promise<Caller | Response>

/**
 * Authenticates a bearer token, which must be ours and for this endpoint. Otherwise returns a 401
 * that says where to get one (RFC 6750, section 3; RFC 9728, section 5.1). Session cookies are
 * ignored: a browser would send them for any page.
 */
export async function authenticate(request: Request): Promise<Caller | Response> {
  const header = request.headers.get('authorization')
  if (!header) {
    const hint =
      'Connect by OAuth as www-authenticate says, or send a personal token as "Authorization: Bearer swb_...", made under Settings.'
    return Response.json(
      { error: 'invalid_request', error_description: hint },
      { status: 401, headers: { 'www-authenticate': challenge({ scope: Object.keys(SCOPES) }) } },
    )
  }
  const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1]
  const caller = token && token.length <= TOKEN_MAX_CHARS ? await findBearerCaller(token, `${env().APP_URL}/mcp`) : null
  return (
    caller ??
    refuse(
      401,
      'invalid_token',
      'This token is unknown, expired, revoked or meant for another server.',
      Object.keys(SCOPES),
    )
  )
}

/**
 * Returns the 403 that asks for a scope which the token lacks (RFC 6750, section 3.1), or nothing
 * if the scope is there. It also names the scopes that the token has, so that the next token covers
 * both.
 */
export function challengeForScope(caller: Caller, scope: Scope | null | undefined): Response | undefined {
  if (!scope || caller.via !== 'token' || hasScope(caller, scope)) return undefined
  const wanted = Object.keys(SCOPES).filter((known) => known === scope || caller.scopes.includes(known))
  return refuse(
    403,
    'insufficient_scope',
    `This token may not use ${scope}. Ask for it by OAuth, or make a token that may under Settings.`,
    wanted,
  )
}

function refuse(status: number, error: string, description: string, scope: string[]): Response {
  const headers = { 'www-authenticate': challenge({ error, description, scope }) }
  return Response.json({ error, error_description: description }, { status, headers })
}

function challenge({ error, description, scope }: { error?: string; description?: string; scope: string[] }): string {
  const parts = {
    realm: 'Switchboard',
    error,
    error_description: description,
    scope: scope.join(' '),
    resource_metadata: toResourceMetadataUrl(),
  }
  const named = Object.entries(parts).filter(([, value]) => value !== undefined)
  return `Bearer ${named.map(([name, value]) => `${name}="${value}"`).join(', ')}`
}
