import { requireCaller } from '#lib/auth/sessions/session.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { revokePersonalToken } from '#lib/data/people/personal-tokens.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, requireSameOrigin, route } from '#lib/platform/http/http.ts'

export const DELETE = route(async (request, { params }: { params: Promise<{ id: string }> }) => {
  requireSameOrigin(request, env().APP_URL)
  const caller = await requireCaller(request)
  const { id } = await params
  await revokePersonalToken(caller, id)
  await recordAudit({ action: 'token_revoked', actorId: caller.userId, subject: id })
  return jsonResponse({})
})
