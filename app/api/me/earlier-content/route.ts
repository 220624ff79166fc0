import { z } from 'zod'
import { parseFields } from '#lib/auth/fields.ts'
import { requireCaller } from '#lib/auth/session.ts'
import { decideUnclaimedContent } from '#lib/data/unclaimed-content.ts'
import { env } from '#lib/env.ts'
import { json, readJson, requireSameOrigin, route } from '#lib/http.ts'

const Decision = z.object({ decision: z.enum(['keep', 'delete'], { error: 'Choose to keep or to delete it.' }) })

export const POST = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const caller = await requireCaller(request)
  const { decision } = parseFields(Decision, await readJson(request, 4_096))
  await decideUnclaimedContent(caller, decision)
  return json({})
})
