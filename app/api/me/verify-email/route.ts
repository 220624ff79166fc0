import { canMail } from '#lib/auth/mail/send-mail.ts'
import { route } from '#lib/auth/route.ts'
import { sendVerification } from '#lib/auth/sign-in/verification.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

export const POST = route({}, async ({ caller }) => {
  const account = await requireAccount(caller)
  if (!canMail()) throw new AppError('unavailable', 'This server sends no mail, so it cannot verify an address.')
  if (!account.emailVerifiedAt) await sendVerification(account.email)
  return jsonResponse({}, { status: 202 })
})
