import { route } from '#lib/auth/route.ts'
import { SignUp, signUp } from '#lib/auth/sign-in/sign-up.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

export const POST = route({ session: 'none', body: SignUp }, async ({ request, body }) =>
  jsonResponse(await signUp(body, request.headers), { status: 201 }),
)
