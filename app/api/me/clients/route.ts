import { z } from 'zod'
import { route } from '#lib/auth/route.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { revokeAuthorizedApp } from '#lib/data/oauth/oauth-grants.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

// A client's id may be a URL, so it is not part of the path.
const Which = z.object({ client_id: z.string({ error: 'Name the client.' }).min(1).max(2_000) })

export const DELETE = route({ body: Which }, async ({ caller, body: { client_id: clientId } }) => {
  await revokeAuthorizedApp(caller, clientId)
  await recordAudit({ action: 'client_revoked', actorId: caller.userId, detail: { client: clientId } })
  return jsonResponse({})
})
