import { z } from 'zod'
import { requireCaller } from '#lib/auth/sessions/session.ts'
import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { decideUnclaimedContent } from '#lib/data/people/unclaimed-content.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

const Decision = z.object({ decision: z.enum(['keep', 'delete'], { error: 'Choose to keep or to delete it.' }) })

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const caller = await requireCaller(request)
  const { decision } = parseFields(Decision, await readJson(request, 4_096))
  await decideUnclaimedContent(caller, decision)
  return jsonResponse({})
})
