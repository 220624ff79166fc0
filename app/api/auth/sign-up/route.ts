import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { SignUp, signUp } from '#lib/auth/sign-in/sign-up.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

const BODY_MAX = 8_192

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  return jsonResponse(await signUp(parseFields(SignUp, await readJson(request, BODY_MAX)), request.headers), {
    status: 201,
  })
})
