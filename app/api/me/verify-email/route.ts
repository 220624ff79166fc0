import { canMail } from '#lib/auth/mail.ts'
import { requireCaller } from '#lib/auth/session.ts'
import { mailVerification } from '#lib/auth/verification.ts'
import { requireAccount } from '#lib/data/users.ts'
import { env } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { json, requireSameOrigin, route } from '#lib/http.ts'

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const account = await requireAccount(await requireCaller(request))
  if (!canMail()) throw new AppError('unavailable', 'This server sends no mail, so it cannot verify an address.')
  if (!account.emailVerifiedAt) await mailVerification(account.email)
  return json({}, { status: 202 })
})
