import { z } from 'zod'
import { route } from '#lib/auth/route.ts'
import { decideUnclaimedContent } from '#lib/data/people/unclaimed-content.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const Decision = z.object({ decision: z.enum(['keep', 'delete'], { error: 'Choose to keep or to delete it.' }) })

export const POST = route({ body: Decision }, async ({ caller, body }) => {
  await decideUnclaimedContent(caller, body.decision)
  return jsonResponse({})
})
