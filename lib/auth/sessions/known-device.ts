import { createHmac } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { nameSessionCookie, readCookie } from '#lib/auth/sessions/session.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { newId } from '#lib/platform/ids.ts'

const TYPE = 'device+jwt'
/** How long (seconds) a browser is remembered: one year. */
const REMEMBERED_SECONDS = 365 * 86_400

/**
 * Returns the id of this browser if somebody signed in to this address with its password here
 * before, else null. It proves no identity and opens nothing. Password guesses from a known browser
 * are counted separately, so that others cannot use them up.
 */
export async function findKnownDevice(headers: Headers, email: string): Promise<string | null> {
  const token = readCookie(headers, deviceCookieName())
  if (!token) return null
  try {
    const { payload } = await jwtVerify(token, deriveKey('known devices'), {
      algorithms: ['HS256'],
      typ: TYPE,
      subject: subjectOf(email),
    })
    return payload.jti ?? null
  } catch {
    // A forged or expired token, or one for another address, counts as none.
    return null
  }
}

/**
 * Returns a Set-Cookie header that makes this browser known to the address that has just signed in.
 * The cookie outlives the session.
 */
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
  return [...parts, ...(nameSessionCookie().options.secure ? ['Secure'] : [])].join('; ')
}

// The cookie stays after the person signs out, so it must not reveal the address.
function subjectOf(email: string): string {
  return createHmac('sha256', deriveKey('known devices')).update(email).digest('base64url')
}

function deviceCookieName(): string {
  return `${nameSessionCookie().options.secure ? '__Host-' : ''}switchboard-device`
}
