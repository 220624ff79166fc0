import { parseFields } from '#lib/auth/fields.ts'
import { changePassword, PasswordChange, requireSession } from '#lib/auth/own-account.ts'
import { env } from '#lib/env.ts'
import { json, readJson, requireSameOrigin, route } from '#lib/http.ts'

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const session = await requireSession(request)
  const cookie = await changePassword(session, parseFields(PasswordChange, await readJson(request, 8_192)))
  return json({}, { headers: { 'set-cookie': cookie } })
})
