import { route } from '#lib/auth/route.ts'
import { changePassword, PasswordChange } from '#lib/auth/sessions/own-account.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

export const POST = route({ body: PasswordChange }, async ({ session, body }) => {
  const cookie = await changePassword(session, body)
  return jsonResponse({}, { headers: { 'set-cookie': cookie } })
})
