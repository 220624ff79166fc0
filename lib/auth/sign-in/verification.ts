import { z } from 'zod'
import { consumeLimit } from '#lib/auth/limits/rate-limit.ts'
import { translateFor, writeVerifyLetter } from '#lib/auth/mail/letters.ts'
import { sendMail } from '#lib/auth/mail/send-mail.ts'
import { isPasswordCorrect } from '#lib/auth/passwords/passwords.ts'
import { findSession, renewSession } from '#lib/auth/sessions/session.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { createCode, peekCode, redeemCode } from '#lib/data/people/one-time-codes.ts'
import { findAccountByEmail, markVerified } from '#lib/data/people/users.ts'
import { AppError } from '#lib/platform/errors.ts'

const LETTERS = { name: 'verify-mail', points: 5, seconds: 3_600 }
const GUESSES = { name: 'verify-guess', points: 10, seconds: 900 }

/**
 * Mails a code that proves the address. Throws limited (5 an hour) and the errors of the mail
 * server.
 */
export async function sendVerification(email: string, headers?: Headers): Promise<void> {
  await consumeLimit(LETTERS, email)
  const t = await translateFor(await findAccountByEmail(email), headers)
  await sendMail(email, writeVerifyLetter(await createCode('verify-email', email), t))
}

export const Verify = z.object({ code: z.string().max(200), password: z.string().max(1_000).optional() })

/**
 * Marks the address of a mailed code as proven and returns it. The person must also be signed in or
 * know the password. Otherwise a stranger could sign up with somebody's address, and the owner's
 * click would approve the stranger's password. The first verification ends everything else that was
 * created before. `cookie` is a Set-Cookie header that keeps this session. Throws forbidden if the
 * password is missing or wrong, limited after ten guesses in 15 minutes, bad_request for a used or
 * expired code.
 */
export async function verifyAddress(
  { code, password }: z.infer<typeof Verify>,
  headers: Headers,
): Promise<{ email: string; cookie?: string }> {
  const email = await peekCode('verify-email', code)
  const account = email && (await findAccountByEmail(email))
  if (!account) throw spent()
  const session = await findSession(headers)
  const own = session?.caller.userId === account.id ? session : null
  if (!own) {
    if (password === undefined) throw new AppError('forbidden', 'Enter the password that you chose for this account.')
    await consumeLimit(GUESSES, account.id)
    if (!(await isPasswordCorrect(account.passwordHash, password)))
      throw new AppError('forbidden', 'The password is wrong. It is the one that you chose when you made the account.')
  }
  if (!(await redeemCode('verify-email', code))) throw spent()
  const version = await markVerified(account.id)
  await recordAudit({ action: 'address_verified', actorId: account.id, subject: account.id })
  return { email: account.email, ...(own && version !== null && { cookie: await renewSession(own, version) }) }
}

const spent = () =>
  new AppError('bad_request', 'This link was used already or is older than a day. Sign in to get a new one.')
