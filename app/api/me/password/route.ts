import { changePassword, PasswordChange, requireSession } from '#lib/auth/sessions/own-account.ts'
import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const session = await requireSession(request)
  const cookie = await changePassword(session, parseFields(PasswordChange, await readJson(request, 8_192)))
  return jsonResponse({}, { headers: { 'set-cookie': cookie } })
})
