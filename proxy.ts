import { randomBytes } from 'node:crypto'
import { type NextRequest, NextResponse } from 'next/server'
import { env, isDevelopment, isLoopback } from '#lib/platform/env.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { errorResponse, findRequestId, requireSameOrigin } from '#lib/platform/http/http.ts'
import { makePageHeaders } from '#lib/platform/http/security-headers.ts'

// Endpoints for programs are skipped: a redirect would lose their POST, and they have no page to
// protect. Under /oauth only the consent page is a page.
export const config = {
  matcher: [
    '/((?!(?:api|mcp|oauth(?!/consent/)|\\.well-known|_next|chatkit)(?:/|$)|chatkit\\.js|client-metadata\\.json|icon\\.svg|favicon\\.ico).*)',
  ],
}

const BEHIND_SIGN_IN = /^\/(?:(?:chat|shared|print|activity|settings|admin|earlier-content)(?:\/.*)?)?$/

/**
 * Refuses requests from other sites' pages, gives every page its security headers and nonce, and
 * redirects visitors without a session cookie to the sign-in page. Each page, action and route
 * still checks its caller itself.
 */
export function proxy(request: NextRequest): Response {
  const { APP_URL, CHATKIT_DOMAIN_KEY } = env()
  try {
    if (request.method !== 'GET' && request.method !== 'HEAD') requireSameOrigin(request, APP_URL)
  } catch (error) {
    return errorResponse(toAppError(error), findRequestId(request))
  }
  const alias = otherLoopbackName(request, APP_URL)
  if (alias) return NextResponse.redirect(alias)
  const requestId = findRequestId(request)
  const nonce = randomBytes(16).toString('base64')
  const headers = makePageHeaders({
    nonce,
    appUrl: APP_URL,
    hostedChatKit: CHATKIT_DOMAIN_KEY !== undefined,
    development: isDevelopment,
  })
  const response = leadsToSignIn(request)
    ? NextResponse.redirect(signInUrl(request))
    : NextResponse.next({ request: { headers: withPolicy(request.headers, { nonce, requestId, page: headers }) } })
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  response.headers.set('x-request-id', requestId)
  return response
}

/**
 * On the local machine `localhost` and `127.0.0.1` are the same server but two origins. A form sent
 * from the name that APP_URL does not use would be refused.
 */
function otherLoopbackName({ headers, nextUrl }: NextRequest, appUrl: string): URL | null {
  const app = new URL(appUrl)
  const host = headers.get('host') ?? app.host
  if (host === app.host || !isLoopback(app.hostname) || !isLoopback(host.replace(/:\d+$/, ''))) return null
  const other = new URL(app)
  // Assigned rather than resolved: a path that begins with two slashes would name another host.
  other.pathname = nextUrl.pathname
  other.search = nextUrl.search
  return other
}

function leadsToSignIn(request: NextRequest): boolean {
  const signedIn = request.cookies.getAll().some(({ name }) => name.includes('switchboard-session'))
  return request.method === 'GET' && !signedIn && BEHIND_SIGN_IN.test(request.nextUrl.pathname)
}

/** The sign-in page, with the visitor's address to return to. */
function signInUrl({ nextUrl }: NextRequest): URL {
  const url = new URL('/sign-in', nextUrl)
  if (nextUrl.pathname !== '/' && nextUrl.pathname !== '/chat')
    url.searchParams.set('callbackUrl', nextUrl.pathname + nextUrl.search)
  return url
}

type Given = { nonce: string; requestId: string; page: Record<string, string> }

/**
 * Next reads the nonce for its own scripts from the request's policy. Our layout reads `x-nonce`,
 * and the log reads `x-request-id`.
 */
function withPolicy(headers: Headers, { nonce, requestId, page }: Given): Headers {
  const out = new Headers(headers)
  out.set('x-request-id', requestId)
  out.set('x-nonce', nonce)
  out.set('content-security-policy', page['content-security-policy'] ?? '')
  return out
}
