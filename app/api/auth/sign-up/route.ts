import { parseFields } from '#lib/auth/fields.ts'
import { SignUp, signUp } from '#lib/auth/sign-up.ts'
import { env } from '#lib/env.ts'
import { json, readJson, requireSameOrigin, route } from '#lib/http.ts'

const BODY_MAX = 8_192

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  return json(await signUp(parseFields(SignUp, await readJson(request, BODY_MAX)), request.headers), { status: 201 })
})
