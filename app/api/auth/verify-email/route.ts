import { route } from '#lib/auth/route.ts'
import { Verify, verifyAddress } from '#lib/auth/sign-in/verification.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

export const POST = route({ session: 'none', body: Verify }, async ({ request, body }) => {
  const { email, cookie } = await verifyAddress(body, request.headers)
  return jsonResponse({ email }, { headers: cookie ? { 'set-cookie': cookie } : {} })
})
