import { Reset, resetPassword } from '#lib/auth/passwords/recovery.ts'
import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  return jsonResponse(await resetPassword(parseFields(Reset, await readJson(request, 8_192)), request.headers))
})
