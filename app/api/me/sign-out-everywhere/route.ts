import { route } from '#lib/auth/route.ts'
import { signOutEverywhere } from '#lib/auth/sessions/own-account.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

export const POST = route({}, async ({ session }) => {
  const cookie = await signOutEverywhere(session)
  return jsonResponse({}, { headers: { 'set-cookie': cookie } })
})
