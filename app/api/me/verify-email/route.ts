import { canMail } from '#lib/auth/mail/send-mail.ts'
import { requireCaller } from '#lib/auth/sessions/session.ts'
import { sendVerification } from '#lib/auth/sign-in/verification.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse, requireSameOrigin, route } from '#lib/platform/http/http.ts'

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const account = await requireAccount(await requireCaller(request))
  if (!canMail()) throw new AppError('unavailable', 'This server sends no mail, so it cannot verify an address.')
  if (!account.emailVerifiedAt) await sendVerification(account.email)
  return jsonResponse({}, { status: 202 })
})
