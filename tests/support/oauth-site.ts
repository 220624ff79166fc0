import { POST as answer } from '#app/oauth/consent/[id]/answer/route.ts'
import { handleOauth } from '#lib/auth/oauth/door.ts'
import { handleWellKnown } from '#lib/auth/oauth/well-known.ts'
import { handleMcp } from '#mcp/http.ts'
import { serve } from '#tests/support/serve.ts'

type Handler = (request: Request) => Promise<Response>

/** /mcp, /oauth and /.well-known behind one socket, whose address is APP_URL from then on. */
export async function openSite(oauth: Handler = handleOauth): Promise<{ url: string; close: () => Promise<void> }> {
  const site = await serve((request) => {
    const { pathname } = new URL(request.url)
    const consent = /^\/oauth\/consent\/([\w-]+)\/answer$/.exec(pathname)
    if (consent) return answer(request, { params: Promise.resolve({ id: consent[1] ?? '' }) })
    if (pathname.startsWith('/.well-known/')) return pathname.includes('protected-resource') ? handleWellKnown(request) : oauth(request)
    if (pathname.startsWith('/oauth/')) return oauth(request)
    return pathname.startsWith('/mcp') ? handleMcp(request) : Promise.resolve(new Response(null, { status: 404 }))
  })
  process.env.APP_URL = site.url
  ;(globalThis as { switchboardEnv?: unknown }).switchboardEnv = undefined
  return site
}
