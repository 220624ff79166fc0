import { z } from 'zod'
import { consumeClient } from '#lib/auth/limits/client-limit.ts'
import { translateFor, writeKnownAddressLetter } from '#lib/auth/mail/letters.ts'
import { sendMail } from '#lib/auth/mail/send-mail.ts'
import { hashPassword, NewPassword } from '#lib/auth/passwords/passwords.ts'
import { EmailAddress, PersonName } from '#lib/auth/sign-in/parse-fields.ts'
import { requireSetupCode } from '#lib/auth/sign-in/setup-code.ts'
import { requireSignUp, signUpMode } from '#lib/auth/sign-in/sign-up-rules.ts'
import { sendVerification } from '#lib/auth/sign-in/verification.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { createFounder, createMember, type NewAccount } from '#lib/data/people/create-account.ts'
import { findAccountByEmail, hasAnyAccount } from '#lib/data/people/users.ts'
import { AppError } from '#lib/platform/errors.ts'
import { runAfterResponse } from '#lib/platform/process/run-after-response.ts'

const SIGN_UPS = { name: 'sign-up', points: 20, seconds: 3_600 }

/** The body of a sign-up. A form for the first account sends `setup_code`, possibly empty. */
export const SignUp = z.object({
  email: EmailAddress,
  password: NewPassword,
  name: PersonName,
  setup_code: z.string().max(100).optional(),
})

/**
 * The person's next step: sign in with the new password, or open the mail that proves the address.
 */
export type SignedUp = { next: 'sign_in' | 'verify_email'; role: 'admin' | 'member' }

/**
 * Creates an account. The first one is the admin's; later ones follow SIGN_UP. An address that
 * already has an account gets the same answer as a new one. Throws forbidden (closed, wrong domain,
 * wrong set-up code), conflict (somebody else was first), limited.
 */
export async function signUp(wish: z.infer<typeof SignUp>, headers: Headers): Promise<SignedUp> {
  await consumeClient(SIGN_UPS, headers)
  return (await hasAnyAccount()) ? signUpMember(wish, headers) : signUpFounder(wish, headers)
}

async function signUpFounder(
  { password, setup_code, ...wish }: z.infer<typeof SignUp>,
  headers: Headers,
): Promise<SignedUp> {
  await requireSetupCode(setup_code, headers)
  const founder = await createFounder({ ...wish, passwordHash: await hashPassword(password) })
  await recordAudit({
    action: 'signed_up',
    actorId: founder.id,
    subject: founder.id,
    detail: { role: 'admin', way: 'password' },
  })
  return { next: 'sign_in', role: 'admin' }
}

async function signUpMember(
  { password, setup_code, ...wish }: z.infer<typeof SignUp>,
  headers: Headers,
): Promise<SignedUp> {
  if (setup_code !== undefined)
    throw new AppError(
      'conflict',
      'This server has its first account already. Sign in, or ask its administrator for an account.',
    )
  requireSignUp(wish.email)
  const account: NewAccount = { ...wish, passwordHash: await hashPassword(password) }
  const member = await createMember(account)
  if (member)
    await recordAudit({
      action: 'signed_up',
      actorId: member.id,
      subject: member.id,
      detail: { role: 'member', way: 'password' },
    })
  if (signUpMode() !== 'domain') return { next: 'sign_in', role: 'member' }
  runAfterResponse('the mail after a sign-up', async () => {
    if (member) return sendVerification(wish.email, headers)
    const t = await translateFor(await findAccountByEmail(wish.email), headers)
    await sendMail(wish.email, writeKnownAddressLetter(t))
  })
  return { next: 'verify_email', role: 'member' }
}
