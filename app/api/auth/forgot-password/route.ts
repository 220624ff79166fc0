import { z } from 'zod'
import { requestPasswordReset } from '#lib/auth/passwords/recovery.ts'
import { route } from '#lib/auth/route.ts'
import { EmailAddress } from '#lib/auth/sign-in/parse-fields.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const Wish = z.object({ email: EmailAddress })

export const POST = route({ session: 'none', body: Wish }, async ({ request, body }) => {
  await requestPasswordReset(body.email, request.headers)
  return jsonResponse({}, { status: 202 })
})
