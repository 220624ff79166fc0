import { z } from 'zod'
import { EmailAddress, parseFields } from '#lib/auth/fields.ts'
import { askForReset } from '#lib/auth/recovery.ts'
import { env } from '#lib/env.ts'
import { json, readJson, requireSameOrigin, route } from '#lib/http.ts'

const Wish = z.object({ email: EmailAddress })

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const { email } = parseFields(Wish, await readJson(request, 4_096))
  await askForReset(email, request.headers)
  return json({}, { status: 202 })
})
