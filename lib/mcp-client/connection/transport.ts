import { mintRunToken } from '#lib/auth/tokens/run-tokens.ts'
import { type Identified, withIdentity } from '#lib/mcp-client/connection/identity.ts'
import type { Who } from '#lib/mcp-client/connection/require-authority.ts'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import { findReach, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { networkFetch } from '#lib/mcp-client/wire/network-fetch.ts'
import { sseBridge } from '#lib/mcp-client/wire/sse-bridge.ts'
import { AppError } from '#lib/platform/errors.ts'
import { keepSignal } from '#lib/platform/http/keep-signal.ts'

const TOKEN_SECONDS = 300
const MAX_REDIRECTS = 3

/**
 * Requests to our own server (`send`: its in-process handler, else the network). Each carries a run
 * token for its audience, which is valid for five minutes and reused for half of that. A refused
 * request is repeated once with a new token: the person's role may have changed. Throws Refusal
 * with the reason if no token is issued any more.
 */
export function builtinTransport(
  claims: { userId: string; runId: string; threadId: string },
  audience: string,
  send: typeof fetch = fetch,
): typeof fetch {
  let known: { token: string; mintedAt: number } | undefined
  const token = async (fresh: boolean) => {
    if (!known || fresh || Date.now() - known.mintedAt > (TOKEN_SECONDS / 2) * 1000)
      known = { mintedAt: Date.now(), token: await mintRunToken(claims, audience, TOKEN_SECONDS).catch(refuse) }
    return known.token
  }
  return async (input, init) => {
    const go = async (fresh: boolean) => {
      const headers = new Headers(init?.headers)
      headers.set('authorization', `Bearer ${await token(fresh)}`)
      // Our endpoint never redirects. Following a redirect would send the token elsewhere, or drop
      // it.
      return send(keepSignal(new Request(input, { ...init, headers, redirect: 'error' })))
    }
    const response = await go(false)
    if (response.status !== 401) return response
    await response.body?.cancel()
    return go(true)
  }
}

function refuse(error: unknown): never {
  throw error instanceof AppError && error.code === 'unauthenticated'
    ? new Refusal('denied', error.message, { cause: error })
    : error
}

/** Requests to an external server on behalf of a person, over the transport that it speaks. */
export function transportAs(
  server: McpServer,
  who: Who,
  network: typeof fetch = networkFetch(findReach(server)),
): Identified {
  const { send, ...rest } = withIdentity(server, who, network)
  return { send: overTransport(server, send), ...rest }
}

/** Wraps `send` in the transport that a server speaks. */
export function overTransport({ config }: McpServer, send: typeof fetch): typeof fetch {
  return config?.transport === 'sse' ? sseBridge(send) : externalTransport(send)
}

/**
 * Requests to an external server. A missing or surplus slash at the end of the address is
 * corrected.
 *
 * A redirect is followed, with method and body, only if it stays on the same origin and asks for
 * the same request elsewhere: 307, 308, any redirect of a GET, or an older one that only adds or
 * removes the trailing slash. A redirect to another origin would carry credentials there, and the
 * others mean that the request was already carried out.
 */
function externalTransport(send: typeof fetch = fetch): typeof fetch {
  let otherSlash: boolean | undefined
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const first = await followRedirect(send, otherSlash ? withOtherSlash(url) : url, init)
    if (otherSlash !== undefined || (first.status !== 404 && first.status !== 405)) {
      otherSlash ??= false
      return first
    }
    const second = await followRedirect(send, withOtherSlash(url), init)
    otherSlash = second.ok
    await (second.ok ? first : second).body?.cancel()
    return second.ok ? second : first
  }
}

async function followRedirect(send: typeof fetch, from: URL, init?: RequestInit): Promise<Response> {
  let url = from
  for (let hop = 0; ; hop += 1) {
    const response = await send(url, { ...init, redirect: 'manual' })
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
    const next = location === null ? null : URL.parse(location, url)
    if (!next || next.origin !== url.origin || hop >= MAX_REDIRECTS) return response
    const moved =
      response.status === 307 ||
      response.status === 308 ||
      ((init?.method ?? 'GET') === 'GET' && response.status !== 304)
    if (!moved && (response.status === 303 || next.href !== withOtherSlash(url).href)) return response
    await response.body?.cancel()
    url = next
  }
}

function withOtherSlash(url: URL): URL {
  const other = new URL(url)
  other.pathname = url.pathname.endsWith('/') ? url.pathname.replace(/\/+$/, '') : `${url.pathname}/`
  return other
}
