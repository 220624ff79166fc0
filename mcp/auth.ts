import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode } from '@modelcontextprotocol/server'
import { callerFromBearer } from '#lib/auth/bearer.ts'
import type { Caller } from '#lib/auth/caller.ts'
import type { Scope } from '#lib/auth/scopes.ts'
import { env } from '#lib/env.ts'

const TOKEN_MAX_CHARS = 4_096
const REALM = 'Bearer realm="Switchboard"'

/** Finds the caller of a request, or the answer that refuses it. */
export type Authenticate = (request: Request) => Promise<Caller | Response>

/**
 * The caller of the bearer token, which must be ours and for this endpoint; else a 401 (RFC 6750, section 3). Session
 * cookies count for nothing here: a browser would send them for any page.
 */
export async function authenticate(request: Request): Promise<Caller | Response> {
  const header = request.headers.get('authorization')
  if (!header) {
    return Response.json(
      { error: 'invalid_request', error_description: 'Send a personal token as "Authorization: Bearer swb_...". Make one under Settings.' },
      { status: 401, headers: { 'www-authenticate': REALM } },
    )
  }
  const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1]
  const caller = token && token.length <= TOKEN_MAX_CHARS ? await callerFromBearer(token, `${env().APP_URL}/mcp`) : null
  if (caller) return caller
  return withRealm(
    bearerAuthChallengeResponse(
      new OAuthError(OAuthErrorCode.InvalidToken, 'This token is unknown, expired, revoked or meant for another server.'),
    ),
  )
}

/** True where the caller may use `scope`. A person in their own session or run has every scope, a token those it was made with. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  return caller.via !== 'token' || caller.scopes.includes(scope)
}

/** The 403 that asks for a scope which the token lacks (RFC 6750, section 3.1), or nothing. */
export function scopeChallenge(caller: Caller, scope: Scope | null | undefined): Response | undefined {
  if (!scope || hasScope(caller, scope)) return undefined
  const error = new OAuthError(OAuthErrorCode.InsufficientScope, `This token may not use ${scope}. Make one that may under Settings.`)
  return withRealm(bearerAuthChallengeResponse(error, { requiredScopes: [scope] }))
}

function withRealm(response: Response): Response {
  const challenge = response.headers.get('www-authenticate')
  if (challenge) response.headers.set('www-authenticate', challenge.replace(/^Bearer/, `${REALM},`))
  return response
}
