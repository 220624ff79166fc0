import { z } from 'zod'
import { route } from '#lib/auth/route.ts'
import { requestMailLink } from '#lib/auth/sign-in/mail-link.ts'
import { EmailAddress } from '#lib/auth/sign-in/parse-fields.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const Wish = z.object({ email: EmailAddress })

export const POST = route({ session: 'none', body: Wish }, async ({ request, body }) => {
  await requestMailLink(body.email, request.headers)
  return jsonResponse({}, { status: 202 })
})
