import { Reset, resetPassword } from '#lib/auth/passwords/recovery.ts'
import { route } from '#lib/auth/route.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

export const POST = route({ session: 'none', body: Reset }, async ({ request, body }) =>
  jsonResponse(await resetPassword(body, request.headers)),
)
