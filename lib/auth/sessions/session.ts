import { decode, encode } from 'next-auth/jwt'
import { z } from 'zod'
import { nameDevice } from '#lib/auth/sessions/name-device.ts'
import { endSession, findSessionStanding, noteSessionUse } from '#lib/data/people/person-sessions.ts'
import type { SessionCaller } from '#lib/platform/crypto/caller.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { noteChosenLanguage } from '#lib/platform/language/request-language.ts'

/** How long (seconds) a session lasts before the person must sign in again: 30 days. */
export const SESSION_SECONDS = 30 * 86_400

/**
 * The claims in a session cookie: the person, the session, the session version, and when (Unix
 * seconds) the person signed in.
 */
export type SessionClaims = { sub: string; session: string; version: number; signedInAt: number }

/** The secret of next-auth, from which it derives its own encryption keys. */
export function deriveSessionSecret(): string {
  return Buffer.from(deriveKey('session cookies')).toString('base64url')
}

/**
 * The session cookie as next-auth and we set it. On https it is host-bound (`__Host-`) and Secure.
 */
export function nameSessionCookie(): {
  name: string
  options: { httpOnly: true; sameSite: 'lax'; path: '/'; secure: boolean }
} {
  const secure = env().APP_URL.startsWith('https:')
  return {
    name: `${secure ? '__Host-' : ''}switchboard-session`,
    options: { httpOnly: true, sameSite: 'lax', path: '/', secure },
  }
}

/** Encrypts claims into the value of a session cookie. */
export function sealSession(claims: SessionClaims): Promise<string> {
  return encode({ token: claims, secret: deriveSessionSecret(), maxAge: SESSION_SECONDS })
}

/** Returns a Set-Cookie header that signs the person in with these claims. */
async function setSessionCookie(claims: SessionClaims): Promise<string> {
  const { name, options } = nameSessionCookie()
  const parts = [
    `${name}=${await sealSession(claims)}`,
    'Path=/',
    `Max-Age=${SESSION_SECONDS}`,
    'HttpOnly',
    'SameSite=Lax',
  ]
  return [...parts, ...(options.secure ? ['Secure'] : [])].join('; ')
}

/** Returns a Set-Cookie header that moves this session to a new version while all others end. */
export function renewSession({ caller, id, signedInAt }: Session, version: number): Promise<string> {
  return setSessionCookie({ sub: caller.userId, session: id, version, signedInAt })
}

/** Returns a Set-Cookie header that ends the session in this browser. */
export function clearSessionCookie(): string {
  const { name, options } = nameSessionCookie()
  return [`${name}=`, 'Path=/', 'Max-Age=0', 'HttpOnly', 'SameSite=Lax', ...(options.secure ? ['Secure'] : [])].join(
    '; ',
  )
}

/**
 * A valid session: the caller, when they signed in (Unix seconds), the session version, and the
 * language that the person chose, if any.
 */
export type Session = {
  caller: SessionCaller
  id: string
  signedInAt: number
  version: number
  language: string | null
}

/**
 * The session of a request. Null if there is no cookie, it is forged or expired, the session was
 * ended, or the account is disabled.
 */
export async function findSession(headers: Headers): Promise<Session | null> {
  const sealed = readCookie(headers, nameSessionCookie().name)
  const claims = sealed && (await openSession(sealed))
  if (!claims) return null
  const { sub, session, version, signedInAt, exp } = claims
  const standing = await findSessionStanding(sub, session)
  if (standing?.sessionVersion !== version) return null
  noteChosenLanguage(headers, standing.language)
  const times = { signedInAt: new Date(signedInAt * 1000), expiresAt: new Date(exp * 1000) }
  const used = { id: session, ownerId: sub, version, ...nameDevice(headers), ...times }
  await noteSessionUse(used, standing.notedAt)
  return {
    caller: { userId: sub, role: standing.role, via: 'session', sessionVersion: version, sessionId: session },
    id: session,
    signedInAt,
    version,
    language: standing.language,
  }
}

/** Ends the session of a request on every replica, for every copy of its cookie. */
export async function signOut(headers: Headers): Promise<void> {
  const session = await findSession(headers)
  if (session) await endSession(session.caller, session.id, SESSION_SECONDS)
}

/**
 * The caller of a request by its session cookie, checked against the database. Null if nobody is
 * signed in.
 */
export async function findCaller(headers: Headers): Promise<SessionCaller | null> {
  return (await findSession(headers))?.caller ?? null
}

/** Returns the session of a request. Throws unauthenticated. */
export async function requireSession({ headers }: Request): Promise<Session> {
  const session = await findSession(headers)
  if (!session) throw new AppError('unauthenticated', 'You are not signed in. Sign in and try again.')
  return session
}

/** The signed-in caller of a request. Throws unauthenticated. */
export async function requireCaller(request: Request): Promise<SessionCaller> {
  return (await requireSession(request)).caller
}

const Claims = z.object({
  ...{ sub: z.string(), session: z.string(), version: z.number(), signedInAt: z.number() },
  exp: z.number(),
})

async function openSession(sealed: string): Promise<z.infer<typeof Claims> | null> {
  try {
    const claims = await decode({ token: sealed, secret: deriveSessionSecret() })
    const whole = Claims.safeParse(claims)
    return whole.success ? whole.data : null
  } catch {
    // A cookie that we did not seal, or that has expired, counts as none.
    return null
  }
}

/** Returns the value of a request's cookie by name. */
export function readCookie(headers: Headers, name: string): string | undefined {
  for (const part of (headers.get('cookie') ?? '').split(';')) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
