import { parseFields } from '#lib/auth/fields.ts'
import { Verify, verifyAddress } from '#lib/auth/verification.ts'
import { env } from '#lib/env.ts'
import { json, readJson, requireSameOrigin, route } from '#lib/http.ts'

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const { email, cookie } = await verifyAddress(parseFields(Verify, await readJson(request, 8_192)), request.headers)
  return json({ email }, { headers: cookie ? { 'set-cookie': cookie } : {} })
})
