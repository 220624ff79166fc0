import { jwtVerify, SignJWT } from 'jose'
import { findAuthority, whyRefused } from '#lib/data/people/authority.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

const TYPE = 'run+jwt'

/**
 * A token with which one run calls one MCP server as the person: a JWT bound to `audience` that ends after `ttlSeconds`,
 * and earlier with the run or the person's session version. Throws unauthenticated, with the reason, when the account may no longer
 * be used or the run has ended.
 */
export async function mintRunToken(
  claims: { userId: string; runId: string; threadId: string },
  audience: string,
  ttlSeconds: number,
): Promise<string> {
  const authority = await findAuthority(claims)
  const refused = whyRefused(authority)
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

/** The caller of a run token, or null: another audience, expired, forged, of a run that has ended, signed out since, or a disabled account. */
export async function callerFromRunToken(token: string, audience: string): Promise<Caller | null> {
  const claims = await verify(token, audience)
  if (!claims) return null
  const authority = await findAuthority(claims)
  if (!authority || whyRefused(authority) !== null || authority.sessionVersion !== claims.version) return null
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
    // Whatever is wrong with it, it is not a token of ours for this audience.
    return null
  }
}
