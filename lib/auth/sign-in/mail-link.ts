import { consumeClient } from '#lib/auth/limits/client-limit.ts'
import { consumeLimit } from '#lib/auth/limits/rate-limit.ts'
import { translateFor, writeSignInLetter, writeUnprovenLetter } from '#lib/auth/mail/letters.ts'
import { canMail, sendMail } from '#lib/auth/mail/send-mail.ts'
import { createProvenAccount } from '#lib/auth/sign-in/create-proven-account.ts'
import { SignInRefused } from '#lib/auth/sign-in/sign-in-refused.ts'
import { requireSignUp } from '#lib/auth/sign-in/sign-up-rules.ts'
import { createCode, redeemCode } from '#lib/data/people/one-time-codes.ts'
import { type Account, findAccountByEmail } from '#lib/data/people/users.ts'
import { AppError } from '#lib/platform/errors.ts'
import { runAfterResponse } from '#lib/platform/process/run-after-response.ts'

const LETTERS = { name: 'link-mail', points: 5, seconds: 3_600 }
const ASKS = { name: 'link-ask', points: 20, seconds: 3_600 }
const TRIES = { name: 'link-try', points: 50, seconds: 900 }

/**
 * Mails a sign-in link if the address may sign in or sign up. The answer is always the same. Throws
 * limited, or unavailable if the server sends no mail.
 */
export async function requestMailLink(email: string, headers: Headers): Promise<void> {
  if (!canMail()) throw new AppError('unavailable', 'This server sends no mail. Sign in with your password.')
  await consumeClient(ASKS, headers)
  await consumeLimit(LETTERS, email)
  runAfterResponse('the mail with a sign-in link', async () => {
    const account = await findAccountByEmail(email)
    const t = await translateFor(account, headers)
    if (account && !account.emailVerifiedAt) return sendMail(email, writeUnprovenLetter(t))
    if (account?.disabledAt || (!account && !mayJoin(email))) return
    await sendMail(email, writeSignInLetter(await createCode('sign-in', email), t))
  })
}

function mayJoin(email: string): boolean {
  try {
    requireSignUp(email)
    return true
  } catch {
    return false
  }
}

/**
 * Uses up a mailed link and returns the account it signs in, which it creates if SIGN_UP allows.
 * Throws SignInRefused, and AppError limited.
 */
export async function redeemMailLink(code: unknown, headers: Headers): Promise<Account> {
  await consumeClient(TRIES, headers)
  const email = typeof code === 'string' && code.length <= 200 ? await redeemCode('sign-in', code) : null
  if (!email) throw new SignInRefused('MailLinkSpent')
  const account =
    (await findAccountByEmail(email)) ??
    (await createProvenAccount({ email, name: email.slice(0, email.indexOf('@')) }, 'mail link'))
  if (account.disabledAt) throw new SignInRefused('AccountDisabled')
  if (!account.emailVerifiedAt) throw new SignInRefused('AccountAddressNotVerified')
  return account
}
