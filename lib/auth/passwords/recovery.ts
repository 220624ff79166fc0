import { z } from 'zod'
import { consumeClient } from '#lib/auth/limits/client-limit.ts'
import { consumeLimit } from '#lib/auth/limits/rate-limit.ts'
import { translateFor, writeResetLetter } from '#lib/auth/mail/letters.ts'
import { canMail, sendMail } from '#lib/auth/mail/send-mail.ts'
import { hashPassword, NewPassword } from '#lib/auth/passwords/passwords.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { createCode, dropCodes, redeemCode } from '#lib/data/people/one-time-codes.ts'
import { findAccountByEmail, resetPasswordHash } from '#lib/data/people/users.ts'
import { AppError } from '#lib/platform/errors.ts'
import { runAfterResponse } from '#lib/platform/process/run-after-response.ts'

const LETTERS = { name: 'reset-mail', points: 5, seconds: 3_600 }
const ASKS = { name: 'reset-ask', points: 20, seconds: 3_600 }
const TRIES = { name: 'reset-try', points: 20, seconds: 900 }

/**
 * Mails a reset link if the address has an account. The answer is the same if it has none. Throws
 * limited, or unavailable if the server sends no mail.
 */
export async function requestPasswordReset(email: string, headers: Headers): Promise<void> {
  if (!canMail())
    throw new AppError(
      'unavailable',
      'This server sends no mail. Ask its administrator, who can reset your password with "npm run reset-password".',
    )
  await consumeClient(ASKS, headers)
  await consumeLimit(LETTERS, email)
  runAfterResponse('the mail with a reset link', async () => {
    const account = await findAccountByEmail(email)
    if (!account || account.disabledAt) return
    const t = await translateFor(account, headers)
    await sendMail(email, writeResetLetter(await createCode('reset-password', email), t))
  })
}

export const Reset = z.object({ code: z.string().max(200), password: NewPassword })

/**
 * Sets a new password with a mailed code and ends every session. Returns the address to sign in
 * with. Throws bad_request for a used or expired code, and limited.
 */
export async function resetPassword(
  { code, password }: z.infer<typeof Reset>,
  headers: Headers,
): Promise<{ email: string }> {
  await consumeClient(TRIES, headers)
  // Hash before the code is used up: an overloaded server must not cost the person their link.
  const passwordHash = await hashPassword(password)
  const email = await redeemCode('reset-password', code)
  const account = email && (await resetPasswordHash(email, passwordHash, { verified: true }))
  if (!email || !account)
    throw new AppError('bad_request', 'This link was used already or is older than an hour. Ask for a new one.')
  await dropCodes(email, 'reset-password')
  await recordAudit({ action: 'password_reset', actorId: account.id, subject: account.id, detail: { way: 'mail' } })
  return { email }
}
