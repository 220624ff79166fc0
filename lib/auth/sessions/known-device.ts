import { createHmac } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { cookieValue, sessionCookie } from '#lib/auth/sessions/session.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { newId } from '#lib/platform/ids.ts'

const TYPE = 'device+jwt'
/** Seconds for which a browser is remembered: a year. */
const REMEMBERED_SECONDS = 365 * 86_400

/**
 * The id of a browser in which somebody signed in to this address with its password before, or null. It proves no identity and
 * opens nothing: guesses from there are counted by themselves, so that nobody else can use them up.
 */
export async function findKnownDevice(headers: Headers, email: string): Promise<string | null> {
  const token = cookieValue(headers, deviceCookieName())
  if (!token) return null
  try {
    const { payload } = await jwtVerify(token, deriveKey('known devices'), {
      algorithms: ['HS256'],
      typ: TYPE,
      subject: subjectOf(email),
    })
    return payload.jti ?? null
  } catch {
    // Forged, expired, or another person's: the same as none.
    return null
  }
}

/** A Set-Cookie header by which this browser is known to the address that has just signed in. It outlives the session. */
export async function rememberDevice(headers: Headers, email: string): Promise<string> {
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', typ: TYPE })
    .setSubject(subjectOf(email))
    .setJti((await findKnownDevice(headers, email)) ?? newId('dev'))
    .setExpirationTime(Math.floor(Date.now() / 1000) + REMEMBERED_SECONDS)
    .sign(deriveKey('known devices'))
  const parts = [
    `${deviceCookieName()}=${token}`,
    'Path=/',
    `Max-Age=${REMEMBERED_SECONDS}`,
    'HttpOnly',
    'SameSite=Lax',
  ]
  return [...parts, ...(sessionCookie().options.secure ? ['Secure'] : [])].join('; ')
}

// The cookie stays when the person goes: whoever reads it learns no address.
function subjectOf(email: string): string {
  return createHmac('sha256', deriveKey('known devices')).update(email).digest('base64url')
}

function deviceCookieName(): string {
  return `${sessionCookie().options.secure ? '__Host-' : ''}switchboard-device`
}
