import { createHmac, timingSafeEqual } from 'node:crypto'
import { consumeClient } from '#lib/auth/limits/client-limit.ts'
import { hasAnyAccount } from '#lib/data/people/users.ts'
import { deriveKey } from '#lib/platform/crypto/derive-key.ts'
import { env, isLocalOnly } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const ASK_AGAIN_MS = 5_000
const ATTEMPTS = { name: 'set-up-code', points: 20, seconds: 900 }

/**
 * The code that proves who runs this server, such as `7KQM-2F9T-XW3H-PC6N`: 80 bits derived from
 * APP_SECRET, the same on every replica.
 */
export function deriveSetupCode(): string {
  const bytes = createHmac('sha256', deriveKey('set-up code')).update('first account').digest().subarray(0, 16)
  const letters = [...bytes].map((byte) => ALPHABET[byte & 31]).join('')
  return letters.replace(/(.{4})(?=.)/g, '$1-')
}

/** True if the first account needs the code, because other machines can reach the server. */
export function needsSetupCode(): boolean {
  return !isLocalOnly(env())
}

/**
 * Throws forbidden unless `given` is the code or none is needed. Throws limited after twenty tries
 * by one client.
 */
export async function requireSetupCode(given: string | undefined, headers: Headers): Promise<void> {
  if (!needsSetupCode()) return
  await consumeClient(ATTEMPTS, headers)
  if (!isEqual(plain(given ?? ''), plain(deriveSetupCode())))
    throw new AppError(
      'forbidden',
      'The set-up code is wrong. It is in the log of the server, in the line that begins with "first account".',
    )
}

/**
 * Writes the set-up code to the log if the server has no account. Runs at start, and every five
 * seconds while the database does not answer. It is a warning so that quiet logs show it too.
 */
export async function announceSetupCode(): Promise<void> {
  if (!needsSetupCode()) return
  try {
    if (await hasAnyAccount()) return
    log.warn(
      { code: deriveSetupCode() },
      `first account: open ${env().APP_URL}/set-up and enter the set-up code ${deriveSetupCode()}`,
    )
  } catch (error) {
    log.debug({ error }, 'whether there is an account is not known yet')
    setTimeout(announceSetupCode, ASK_AGAIN_MS).unref()
  }
}

function plain(code: string): string {
  return code.toUpperCase().replace(/[^0-9A-Z]/g, '')
}

function isEqual(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHmac('sha256', deriveKey('set-up code')).update(text).digest()) as [
    Buffer,
    Buffer,
  ]
  return timingSafeEqual(x, y)
}
