import { hash, verify } from '@node-rs/argon2'
import { z } from 'zod'
import { AppError } from '#lib/platform/errors.ts'

// OWASP's parameters for argon2id: 19 MiB, two passes, one lane. argon2id is the package's default.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
// The hash of an unknown password, verified for unknown addresses so that they take as long as
// known ones.
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$mR4njddCzffSjo41OJ/Cug$5q5er98wCaOC3WaPRfzpGmMAQW2wy6ExsPmhfIaGKtk'
const AT_ONCE = 2
const WAITING_MAX = 100

/**
 * A new password: 10 to 200 characters after NFKC, so that every keyboard produces the same text.
 */
export const NewPassword = z
  .string({ error: 'Choose a password.' })
  .max(1_000, 'The password is longer than 200 characters.')
  .transform((text) => text.normalize('NFKC'))
  .refine(
    (text) => [...text].length >= 10,
    'The password needs at least 10 characters. A few words that only you put together are good.',
  )
  .refine((text) => [...text].length <= 200, 'The password is longer than 200 characters.')

/** Returns the hash to store. Throws unavailable if 100 requests are waiting already. */
export function hashPassword(password: string): Promise<string> {
  return hashInTurn(() => hash(password, COST))
}

/**
 * True if `password` matches the hash `stored`. Without a hash it returns false after the same
 * time. Throws unavailable if 100 requests are waiting already.
 */
export async function isPasswordCorrect(stored: string | null | undefined, password: string): Promise<boolean> {
  const given = password.slice(0, 1_000).normalize('NFKC')
  const matches = await hashInTurn(() => verify(stored ?? NOBODY, given))
  return matches && Boolean(stored)
}

let running = 0
const waiting: (() => void)[] = []

// Each hash takes a core and 19 MiB. More than a few at once would starve the threads that file
// access and name lookups need.
async function hashInTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= WAITING_MAX)
      throw new AppError('unavailable', 'Too many people are signing in just now. Try again in a moment.', {
        retryAfter: 5,
      })
    await new Promise<void>((start) => waiting.push(start))
  } else running += 1
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}
