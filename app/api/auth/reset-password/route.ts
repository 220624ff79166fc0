import { parseFields } from '#lib/auth/fields.ts'
import { Reset, resetPassword } from '#lib/auth/recovery.ts'
import { env } from '#lib/env.ts'
import { json, readJson, requireSameOrigin, route } from '#lib/http.ts'

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  return json(await resetPassword(parseFields(Reset, await readJson(request, 8_192)), request.headers))
})
