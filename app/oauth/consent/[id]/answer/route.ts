import { z } from 'zod'
import { answerConsent } from '#lib/auth/oauth-server/consent.ts'
import { route } from '#lib/auth/route.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const Answer = z.object({
  allow: z.boolean({ error: 'Say whether you allow it.' }),
  person: z.string({ error: 'Say who you are.' }).max(100),
  scopes: z.array(z.string().max(50), { error: 'Say what you allow.' }).max(50).optional(),
})

export const POST = route({ params: ['id'], body: Answer }, async ({ request, session, params: { id }, body }) => {
  const { allow, person, scopes } = body
  // Another person may have signed in since the page was shown, in another tab.
  if (person !== session.caller.userId)
    throw new AppError('conflict', 'Somebody else has signed in here meanwhile. Load the page again.')
  return jsonResponse({ location: await answerConsent({ id, headers: request.headers, session, allow, scopes }) })
})
