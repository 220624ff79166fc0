import { route } from '#lib/auth/route.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { revokePersonalToken } from '#lib/data/people/personal-tokens.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

export const DELETE = route({ params: ['id'] }, async ({ caller, params: { id } }) => {
  await revokePersonalToken(caller, id)
  await recordAudit({ action: 'token_revoked', actorId: caller.userId, subject: id })
  return jsonResponse({})
})
