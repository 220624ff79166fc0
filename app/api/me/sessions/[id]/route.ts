import { route } from '#lib/auth/route.ts'
import { SESSION_SECONDS } from '#lib/auth/sessions/session.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { endListedSession } from '#lib/data/people/person-sessions.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/** Ends one of the person's sessions, with its streams and the answers that it began. */
export const DELETE = route({ params: ['id'] }, async ({ caller, params: { id } }) => {
  await endListedSession(caller, toStorableText(id), SESSION_SECONDS)
  await recordAudit({ action: 'session_ended', actorId: caller.userId, subject: caller.userId })
  return jsonResponse({})
})
