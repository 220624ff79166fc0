import { decode, encode } from 'next-auth/jwt'
import { z } from 'zod'
import { endSession, findSessionStanding } from '#lib/data/people/ended-sessions.ts'
import { noteActivity } from '#lib/data/people/users.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'

/** Seconds after which a person signs in again: 30 days. */
export const SESSION_SECONDS = 30 * 86_400

/** What a session cookie says: who, in which session, under which session version, and when (seconds) the person proved it. */
export type SessionClaims = { sub: string; session: string; version: number; signedInAt: number }

/** The secret of next-auth: its own encryption keys come from it. */
export function sessionSecret(): string {
  return Buffer.from(deriveKey('session cookies')).toString('base64url')
}

/** The session cookie as next-auth and we set it: host-bound and Secure wherever people use https. */
export function sessionCookie(): {
  name: string
  options: { httpOnly: true; sameSite: 'lax'; path: '/'; secure: boolean }
} {
  const secure = env().APP_URL.startsWith('https:')
  return {
    name: `${secure ? '__Host-' : ''}switchboard-session`,
    options: { httpOnly: true, sameSite: 'lax', path: '/', secure },
  }
}

/** The value of a session cookie for these claims. */
export function sealSession(claims: SessionClaims): Promise<string> {
  return encode({ token: claims, secret: sessionSecret(), maxAge: SESSION_SECONDS })
}

/** A Set-Cookie header that signs the person in under these claims. */
export async function setSessionCookie(claims: SessionClaims): Promise<string> {
  const { name, options } = sessionCookie()
  const parts = [
    `${name}=${await sealSession(claims)}`,
    'Path=/',
    `Max-Age=${SESSION_SECONDS}`,
    'HttpOnly',
    'SameSite=Lax',
  ]
  return [...parts, ...(options.secure ? ['Secure'] : [])].join('; ')
}

/** A Set-Cookie header that keeps this session under a new version, when all others are ended. */
export function renewSession({ caller, id, signedInAt }: Session, version: number): Promise<string> {
  return setSessionCookie({ sub: caller.userId, session: id, version, signedInAt })
}

/** A Set-Cookie header that ends the session in this browser. */
export function clearSessionCookie(): string {
  const { name, options } = sessionCookie()
  return [`${name}=`, 'Path=/', 'Max-Age=0', 'HttpOnly', 'SameSite=Lax', ...(options.secure ? ['Secure'] : [])].join(
    '; ',
  )
}

/** A valid session: who, when they signed in (seconds), and under which session version. */
export type Session = { caller: SessionCaller; id: string; signedInAt: number; version: number }

/** The session of a request, or null: no cookie, a forged or expired one, a session that was ended, a disabled account. */
export async function findSession(headers: Headers): Promise<Session | null> {
  const sealed = cookieValue(headers, sessionCookie().name)
  const claims = sealed && (await openSession(sealed))
  if (!claims) return null
  const { sub, session, version, signedInAt } = claims
  const standing = await findSessionStanding(sub, session)
  if (standing?.sessionVersion !== version) return null
  await noteActivity(sub, standing.lastActiveAt)
  return {
    caller: { userId: sub, role: standing.role, via: 'session', sessionVersion: version },
    id: session,
    signedInAt,
    version,
  }
}

/** Ends the session of a request for whoever holds a copy of its cookie, on every replica. */
export async function signOut(headers: Headers): Promise<void> {
  const session = await findSession(headers)
  if (session) await endSession(session.caller, session.id, SESSION_SECONDS)
}

/** Who the session cookie says is calling, checked against the database; null for nobody. */
export async function findCaller(headers: Headers): Promise<SessionCaller | null> {
  return (await findSession(headers))?.caller ?? null
}

/** The signed-in caller of a request. Throws unauthenticated. */
export async function requireCaller(request: Request): Promise<SessionCaller> {
  const caller = await findCaller(request.headers)
  if (!caller) throw new AppError('unauthenticated', 'You are not signed in. Sign in and try again.')
  return caller
}

/** The signed-in caller, who must be an admin. Throws unauthenticated or forbidden. */
export async function requireAdmin(request: Request): Promise<SessionCaller> {
  const caller = await requireCaller(request)
  if (caller.role !== 'admin') throw new AppError('forbidden', 'Only admins may do this.')
  return caller
}

const Claims = z.object({ sub: z.string(), session: z.string(), version: z.number(), signedInAt: z.number() })

async function openSession(sealed: string): Promise<SessionClaims | null> {
  try {
    const claims = await decode({ token: sealed, secret: sessionSecret() })
    const whole = Claims.safeParse(claims)
    return whole.success ? whole.data : null
  } catch {
    // Not sealed by us, or expired: the same as no cookie.
    return null
  }
}

/** A cookie of a request by its name. */
export function cookieValue(headers: Headers, name: string): string | undefined {
  for (const part of (headers.get('cookie') ?? '').split(';')) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
