import { z } from 'zod'
import { EmailAddress, parseFields } from '#lib/auth/sign-in/fields.ts'
import { askForMailLink } from '#lib/auth/sign-in/mail-link.ts'
import { env } from '#lib/platform/env.ts'
import { json, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

const Wish = z.object({ email: EmailAddress })

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const { email } = parseFields(Wish, await readJson(request, 4_096))
  await askForMailLink(email, request.headers)
  return json({}, { status: 202 })
})
