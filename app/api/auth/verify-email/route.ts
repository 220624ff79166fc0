import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { Verify, verifyAddress } from '#lib/auth/sign-in/verification.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const { email, cookie } = await verifyAddress(parseFields(Verify, await readJson(request, 8_192)), request.headers)
  return jsonResponse({ email }, { headers: cookie ? { 'set-cookie': cookie } : {} })
})
