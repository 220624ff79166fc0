import { localhostAllowedHostnames, validateHostHeader, validateOriginHeader } from '@modelcontextprotocol/server'
import { AppError } from '#lib/platform/errors.ts'
import type { Env } from '#lib/platform/settings.ts'

type Known = Pick<Env, 'APP_URL' | 'TRUSTED_PROXIES' | 'MCP_ALLOWED_ORIGINS'>

/**
 * Refuses requests that were sent to a host other than APP_URL's (DNS rebinding) or by a page of
 * another site. Pages on this machine, such as MCP Inspector, and the origins in
 * MCP_ALLOWED_ORIGINS may call. In-process requests have neither header. Throws forbidden.
 */
export function requireKnownPlace(request: Request, { APP_URL, TRUSTED_PROXIES, MCP_ALLOWED_ORIGINS }: Known): void {
  const ours = [new URL(APP_URL).hostname, ...localhostAllowedHostnames()]
  const forwarded = TRUSTED_PROXIES > 0 ? request.headers.get('x-forwarded-host') : null
  const host = forwarded ?? request.headers.get('host') ?? new URL(request.url).host
  if (!validateHostHeader(host, ours).ok) {
    throw new AppError(
      'forbidden',
      `This server is known as ${APP_URL}, but the request was sent to another host. Use that address; a proxy in front must pass the Host header on.`,
    )
  }
  const origin = request.headers.get('origin')
  if (!validateOriginHeader(origin, ours).ok && !MCP_ALLOWED_ORIGINS.includes(origin ?? ''))
    throw new AppError(
      'forbidden',
      'Pages of this site may not call this server. Its operator can allow it (MCP_ALLOWED_ORIGINS).',
    )
}

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
  'access-control-allow-headers':
    'authorization, content-type, accept, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id, x-request-id',
  'access-control-max-age': '7200',
}

/** Answers a browser's CORS preflight request. */
export function answerPreflight(): Response {
  return new Response(null, { status: 204, headers: PREFLIGHT })
}

/**
 * Lets the requesting page, which passed `requireKnownPlace`, read the response. Cookies are not
 * used, so credentials are never allowed.
 */
export function allowOrigin(request: Request, response: Response): void {
  const origin = request.headers.get('origin')
  response.headers.append('vary', 'Origin')
  if (!origin) return
  response.headers.set('access-control-allow-origin', origin)
  response.headers.set('access-control-expose-headers', 'www-authenticate, mcp-session-id, retry-after, x-request-id')
}
