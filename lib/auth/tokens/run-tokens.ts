import { jwtVerify, SignJWT } from 'jose'
import { explainRefusal, findAuthority } from '#lib/data/people/authority.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

const TYPE = 'run+jwt'

/**
 * Mints a token with which one run calls one MCP server as the person: a JWT bound to `audience`.
 * It expires after `ttlSeconds`, or earlier when the run ends or the person's session version
 * changes. Throws unauthenticated, with the reason, if the account may no longer be used or the run
 * has ended.
 */
export async function mintRunToken(
  claims: { userId: string; runId: string; threadId: string },
  audience: string,
  ttlSeconds: number,
): Promise<string> {
  const authority = await findAuthority(claims)
  const refused = explainRefusal(authority)
  if (refused !== null) throw new AppError('unauthenticated', refused)
  return new SignJWT({ run: claims.runId, thread: claims.threadId, version: authority?.sessionVersion })
    .setProtectedHeader({ alg: 'HS256', typ: TYPE })
    .setSubject(claims.userId)
    .setIssuer(env().APP_URL)
    .setAudience(audience)
    .setJti(newId('jti'))
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds)
    .sign(deriveKey('run tokens'))
}

/**
 * The caller of a run token. Null if the token is forged, expired or for another audience, if its
 * run has ended, or if the person signed out since or is disabled.
 */
export async function findRunTokenCaller(token: string, audience: string): Promise<Caller | null> {
  const claims = await verify(token, audience)
  if (!claims) return null
  const authority = await findAuthority(claims)
  if (!authority || explainRefusal(authority) !== null || authority.sessionVersion !== claims.version) return null
  return { userId: claims.userId, role: authority.role, via: 'run', runId: claims.runId, threadId: claims.threadId }
}

async function verify(token: string, audience: string) {
  try {
    const { payload } = await jwtVerify(token, deriveKey('run tokens'), {
      algorithms: ['HS256'],
      typ: TYPE,
      issuer: env().APP_URL,
      audience,
      requiredClaims: ['sub', 'exp', 'run', 'thread', 'version'],
    })
    return {
      userId: String(payload.sub),
      runId: String(payload.run),
      threadId: String(payload.thread),
      version: payload.version,
    }
  } catch {
    // Whatever the error is, this is not one of our tokens for this audience.
    return null
  }
}
