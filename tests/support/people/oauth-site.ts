import type Provider from 'oidc-provider'
import { POST as answer } from '#app/oauth/consent/[id]/answer/route.ts'
import { answerConsent } from '#lib/auth/oauth-server/consent.ts'
import { handleOauth } from '#lib/auth/oauth-server/door.ts'
import { requireSession } from '#lib/auth/sessions/session.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { processStates } from '#tests/support/process-states.ts'
import { serve } from '#tests/support/processes/serve.ts'

type Handler = (request: Request) => Promise<Response>

/**
 * Serves /mcp, /oauth and /.well-known on one socket, whose address becomes APP_URL. With `find`,
 * consent is asked from that server.
 */
export async function openSite(
  oauth: Handler = handleOauth,
  find?: () => Promise<Provider>,
): Promise<{ url: string; close: () => Promise<void> }> {
  const site = await serve((request) => {
    const { pathname } = new URL(request.url)
    const consent = /^\/oauth\/consent\/([\w-]+)\/answer$/.exec(pathname)
    if (consent && find) return answerThere(request, consent[1] ?? '', find)
    if (consent) return answer(request, { params: Promise.resolve({ id: consent[1] ?? '' }) })
    if (/^\/(\.well-known|oauth)\//.test(pathname)) return oauth(request)
    return pathname.startsWith('/mcp') ? handleMcp(request) : Promise.resolve(new Response(null, { status: 404 }))
  })
  process.env.APP_URL = site.url
  processStates().delete('env')
  return site
}

async function answerThere(request: Request, id: string, find: () => Promise<Provider>): Promise<Response> {
  const session = await requireSession(request)
  return jsonResponse({ location: await answerConsent({ id, headers: request.headers, session, allow: true }, find) })
}
