import { requireSession, signOutEverywhere } from '#lib/auth/sessions/own-account.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, requireSameOrigin, route } from '#lib/platform/http/http.ts'

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const cookie = await signOutEverywhere(await requireSession(request))
  return jsonResponse({}, { headers: { 'set-cookie': cookie } })
})
