import { handleOauth } from '#lib/auth/oauth/door.ts'
import { protectedResourceMetadata } from '#lib/auth/oauth/metadata.ts'
import { json } from '#lib/http.ts'

// Of all servers, clients ask for the path of the endpoint behind the well-known one; older ones for the latter alone.
const RESOURCE = /^\/\.well-known\/oauth-protected-resource(\/mcp\/?)?$/

/** What stands under /.well-known: where to get a token for `/mcp`, and the metadata of the server that gives it. Never throws. */
export async function handleWellKnown(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (!RESOURCE.test(pathname) || request.method !== 'GET') return handleOauth(request)
  return json(protectedResourceMetadata(), { headers: { 'access-control-allow-origin': '*' } })
}
