import { mcpServer, type TestMcp, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

/**
 * An MCP server that says only in its refusals where the metadata of its authorization is, and
 * which scope a request needs. Its authorization server lets everyone in with what they ask for.
 */
export type ProtectedServer = TestMcp & {
  /** The scope of each authorization request, oldest first. */
  asked: (string | null)[]
  /** The client id of each authorization request. */
  clients: (string | null)[]
  /** The forms that were posted for tokens. */
  grants: URLSearchParams[]
  /** The scope that calls of tools need. Can be changed at any time. */
  callScope: string
  /** Grants nothing more, whatever is asked for. */
  deaf: boolean
  /** Another authorization server, which it names instead of its own. */
  authority: string | undefined
  /** Runs before a token is granted. */
  onGrant: (() => Promise<void>) | undefined
  /** Its own authorization server. */
  issuer: string
}

/** Anything needs the scope `read`. */
export async function protectedServer(
  tools: TestTool[],
  /** Added to the metadata of the authorization server. */
  metadata: Record<string, unknown> = {},
): Promise<ProtectedServer> {
  const state = {
    asked: [] as (string | null)[],
    clients: [] as (string | null)[],
    grants: [] as URLSearchParams[],
    callScope: 'read',
    deaf: false,
    authority: undefined as string | undefined,
    onGrant: undefined as (() => Promise<void>) | undefined,
  }
  const authorize = ({ searchParams }: URL): Response => {
    const scope = searchParams.get('scope')
    state.asked.push(scope)
    state.clients.push(searchParams.get('client_id'))
    const back = new URL(searchParams.get('redirect_uri') ?? '')
    back.searchParams.set('state', searchParams.get('state') ?? '')
    back.searchParams.set('code', state.deaf ? 'read' : (scope ?? ''))
    return Response.redirect(back.href, 302)
  }
  const token = async (request: Request): Promise<Response> => {
    const form = new URLSearchParams(await request.text())
    state.grants.push(form)
    const token = `t${state.grants.length}`
    await state.onGrant?.()
    const scope = form.get('code') ?? form.get('refresh_token') ?? ''
    return Response.json({
      access_token: `${token}:${scope}`,
      refresh_token: scope,
      token_type: 'Bearer',
      expires_in: 3600,
    })
  }
  const guard = async (request: Request, origin: string): Promise<Response | undefined> => {
    const [, granted] = /^Bearer t\d+:(.*)$/.exec(request.headers.get('authorization') ?? '') ?? []
    const place = `resource_metadata="${origin}/odd/place.json"`
    if (granted === undefined) return refuse(401, `Bearer scope="read", ${place}`)
    const needed = request.headers.get('mcp-method') === 'tools/call' ? state.callScope : 'read'
    if (granted.split(' ').includes(needed)) return undefined
    return refuse(403, `Bearer error="insufficient_scope", scope="${needed}", ${place}`)
  }
  const server = await mcpServer(tools, (request) => {
    const url = new URL(request.url)
    const { origin, pathname } = url
    if (pathname === '/mcp') return guard(request, origin)
    if (pathname === '/authorize') return authorize(url)
    if (pathname === '/token') return token(request)
    if (pathname === '/register') return Response.json({ client_id: 'us', redirect_uris: [] }, { status: 201 })
    if (pathname === '/odd/place.json')
      return Response.json({
        resource: `${origin}/mcp`,
        authorization_servers: [state.authority ?? `${origin}/tenant`],
      })
    if (pathname === '/.well-known/oauth-authorization-server/tenant')
      return Response.json({
        issuer: `${origin}/tenant`,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
        ...metadata,
      })
    return new Response(null, { status: 404 })
  })
  return Object.assign(state, server, { issuer: `${new URL(server.url).origin}/tenant` })
}

function refuse(status: number, challenge: string): Response {
  return new Response(null, { status, headers: { 'www-authenticate': challenge } })
}
