import { z } from 'zod'
import { answerConsent } from '#lib/auth/oauth-server/consent.ts'
import { requireSession } from '#lib/auth/sessions/own-account.ts'
import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

const Answer = z.object({
  allow: z.boolean({ error: 'Say whether you allow it.' }),
  person: z.string({ error: 'Say who you are.' }).max(100),
  scopes: z.array(z.string().max(50), { error: 'Say what you allow.' }).max(50).optional(),
})

export const POST = route(async (request, { params }: { params: Promise<{ id: string }> }) => {
  requireSameOrigin(request, env().APP_URL)
  const session = await requireSession(request)
  const { allow, person, scopes } = parseFields(Answer, await readJson(request, 4_096))
  // Another person may have signed in since the page was shown, in another tab.
  if (person !== session.caller.userId)
    throw new AppError('conflict', 'Somebody else has signed in here meanwhile. Load the page again.')
  const { id } = await params
  return jsonResponse({ location: await answerConsent({ id, headers: request.headers, session, allow, scopes }) })
})
