import type Provider from 'oidc-provider'
import { consumeClient } from '#lib/auth/limits/client-limit.ts'
import type { Limit } from '#lib/auth/limits/rate-limit.ts'
import { openAuthorizationServer } from '#lib/auth/oauth-server/authorization-server.ts'
import { describeProtectedResource } from '#lib/auth/oauth-server/metadata.ts'
import { toNodeExchange } from '#lib/auth/oauth-server/node-exchange.ts'
import { env } from '#lib/platform/env.ts'
import { AppError, notFound, toAppError } from '#lib/platform/errors.ts'
import { findRequestId, jsonResponse, readBody } from '#lib/platform/http/http.ts'
import { INERT_POLICY } from '#lib/platform/http/security-headers.ts'
import { JsonMeter, REQUEST_LIMITS } from '#lib/platform/json/json-meter.ts'
import { log, withLogContext } from '#lib/platform/log.ts'

const BODY_MAX = 16_384
const DEPTH_MAX = 16
const QUERY_MAX_CHARS = 8_192
const TEN_MINUTES = 600

type Endpoint = {
  path: RegExp
  method: 'GET' | 'POST'
  limit: Limit
  /** If true, pages of other sites may call it: its answers depend on no cookie. */
  open: boolean
  /** Returns the answer if it is our own document and not oidc-provider's. */
  document?: () => object
}

const limited = (name: string, points: number, seconds = TEN_MINUTES): Limit => ({
  name: `oauth-${name}`,
  points,
  seconds,
})

const READ = limited('read', 600)

// The public endpoints. Clients ask for the well-known path followed by the endpoint's path; older
// clients ask for the well-known path alone.
const ENDPOINTS: Endpoint[] = [
  { path: /^\/oauth\/authorize(\/[\w-]{1,64})?$/, method: 'GET', limit: limited('authorize', 100), open: false },
  { path: /^\/oauth\/token$/, method: 'POST', limit: limited('token', 300), open: true },
  { path: /^\/oauth\/register$/, method: 'POST', limit: limited('register', 20, 3_600), open: true },
  { path: /^\/oauth\/revoke$/, method: 'POST', limit: limited('revoke', 100), open: true },
  { path: /^\/oauth\/jwks$/, method: 'GET', limit: READ, open: true },
  {
    path: /^\/\.well-known\/(oauth-authorization-server|openid-configuration)$/,
    method: 'GET',
    limit: READ,
    open: true,
  },
  {
    ...{ path: /^\/\.well-known\/oauth-protected-resource(\/mcp\/?)?$/, method: 'GET', limit: READ, open: true },
    document: describeProtectedResource,
  },
]

/**
 * Returns the handler of the authorization server behind /oauth and /.well-known. It answers "not
 * found" if MCP_BUILTIN is off, and never throws. Tests pass their own `find`.
 */
export function makeOauthDoor(
  find: () => Promise<Provider> = openAuthorizationServer,
): (request: Request) => Promise<Response> {
  return (request) => {
    const requestId = findRequestId(request)
    return withLogContext({ request_id: requestId }, async () => {
      const { pathname } = new URL(request.url)
      const endpoint = ENDPOINTS.find(({ path }) => path.test(pathname))
      let response: Response
      try {
        response = await answer(request, endpoint, find)
      } catch (thrown) {
        const error = toAppError(thrown)
        log[error.status >= 500 ? 'error' : 'info'](
          { error: thrown, code: error.code, path: pathname },
          'oauth request refused',
        )
        response = refusal(error)
      }
      if (endpoint?.open) for (const [name, value] of Object.entries(OPEN)) response.headers.set(name, value)
      response.headers.set('x-request-id', requestId)
      response.headers.set('content-security-policy', INERT_POLICY)
      return response
    })
  }
}

/** Handles requests to our own authorization server. */
export const handleOauth = makeOauthDoor()

async function answer(
  request: Request,
  endpoint: Endpoint | undefined,
  find: () => Promise<Provider>,
): Promise<Response> {
  // The tokens are valid only for `/mcp`.
  if (!endpoint || env().MCP_BUILTIN === 'off') throw notFound('This address')
  if (request.method === 'OPTIONS' && endpoint.open) return new Response(null, { status: 204, headers: PREFLIGHT })
  if (request.method !== endpoint.method)
    return new Response(null, { status: 405, headers: { allow: endpoint.method } })
  const { search, searchParams } = new URL(request.url)
  if (search.length > QUERY_MAX_CHARS) throw new AppError('bad_request', 'The request is too long.')
  if (/%00/i.test(search))
    throw new AppError('bad_request', 'The request holds a character that cannot be stored (NUL).')
  // Other modes answer with a page of oidc-provider's own, which our policy keeps from doing
  // anything.
  if ((searchParams.get('response_mode') ?? 'query') !== 'query')
    throw new AppError('bad_request', 'response_mode must be query.')
  await consumeClient(endpoint.limit, request.headers)
  if (endpoint.document) return jsonResponse(endpoint.document())
  const body = request.method === 'POST' ? await readBody(request, BODY_MAX) : undefined
  if (body) requireShallow(body)
  const headers = new Headers(request.headers)
  // Our door decides whether a page may read the answer, for all clients alike.
  headers.delete('origin')
  const server = await find()
  const { req, res, response } = toNodeExchange(new Request(request.url, { method: request.method, headers }), body)
  await server.callback()(req, res)
  return tidy(await response, endpoint)
}

/**
 * Metadata has only a few levels, and oidc-provider overflows the stack at thousands. Throws
 * bad_request.
 */
function requireShallow(body: string): void {
  // A form is not JSON and has no levels.
  if (!/^\s*[[{]/.test(body)) return
  const excess = new JsonMeter({ ...REQUEST_LIMITS, depth: DEPTH_MAX }).feed(Buffer.from(body))
  if (excess) throw new AppError('bad_request', `The request is nested deeper than ${DEPTH_MAX} levels.`)
}

/** Removes the body of redirects and the provider's session cookie, which nothing reads. */
async function tidy(response: Response, { path }: Endpoint): Promise<Response> {
  const { status } = response
  const text = await response.text()
  const headers = new Headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
  for (const name of ['content-type', 'location', 'www-authenticate']) {
    const value = response.headers.get(name)
    if (value) headers.set(name, value)
  }
  for (const cookie of response.headers.getSetCookie())
    if (!/^switchboard-oauth[.=]/.test(cookie)) headers.append('set-cookie', cookie)
  if (path.source.includes('well-known') && status === 200)
    return jsonResponse({ ...JSON.parse(text), response_modes_supported: ['query'] })
  const redirect = status >= 300 && status < 400
  return new Response(redirect || text === '' ? null : text, { status, headers })
}

const OPEN = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'www-authenticate, retry-after, x-request-id',
}
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, accept, mcp-protocol-version',
  'access-control-max-age': '7200',
}

/** Formats one of our errors as RFC 6749, section 5.2, requires. */
function refusal(error: AppError): Response {
  const code =
    error.status === 429 || error.status === 503
      ? 'temporarily_unavailable'
      : error.status >= 500
        ? 'server_error'
        : 'invalid_request'
  const headers: Record<string, string> =
    error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }
  return jsonResponse({ error: code, error_description: error.message }, { status: error.status, headers })
}
