import { z } from 'zod'
import { requireCaller } from '#lib/auth/sessions/session.ts'
import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { revokeAuthorizedApp } from '#lib/data/oauth/oauth-grants.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

// A client's id may be a URL, so it is not part of the path.
const Which = z.object({ client_id: z.string({ error: 'Name the client.' }).min(1).max(2_000) })

export const DELETE = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const caller = await requireCaller(request)
  const { client_id: clientId } = parseFields(Which, await readJson(request, 4_096))
  await revokeAuthorizedApp(caller, clientId)
  await recordAudit({ action: 'client_revoked', actorId: caller.userId, detail: { client: clientId } })
  return jsonResponse({})
})
