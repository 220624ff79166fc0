import { z } from 'zod'
import { requestPasswordReset } from '#lib/auth/passwords/recovery.ts'
import { EmailAddress, parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

const Wish = z.object({ email: EmailAddress })

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const { email } = parseFields(Wish, await readJson(request, 4_096))
  await requestPasswordReset(email, request.headers)
  return jsonResponse({}, { status: 202 })
})
