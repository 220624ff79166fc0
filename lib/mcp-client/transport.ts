import { mintRunToken } from '#lib/auth/run-tokens.ts'
import { type Identified, identified, type Who } from '#lib/mcp-client/identity.ts'
import { networkFetch } from '#lib/mcp-client/network.ts'
import { type McpServer, reachOf } from '#lib/mcp-client/servers.ts'
import { sseBridge } from '#lib/mcp-client/sse-bridge.ts'

const TOKEN_SECONDS = 300
const MAX_REDIRECTS = 3

/** Requests to our own server (`send`: its handler in this process, else the network), each with a run token for its audience that is at most five minutes old. */
export function builtinTransport(
  claims: { userId: string; runId: string; threadId: string },
  audience: string,
  send: typeof fetch = fetch,
): typeof fetch {
  let token: Promise<string> | undefined
  let mintedAt = 0
  return async (input, init) => {
    if (!token || Date.now() - mintedAt > (TOKEN_SECONDS / 2) * 1000) {
      mintedAt = Date.now()
      token = mintRunToken(claims, audience, TOKEN_SECONDS)
      // The next request tries again.
      token.catch(() => {
        token = undefined
      })
    }
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${await token}`)
    // A redirect would carry the token elsewhere, or drop it: our own endpoint has none.
    return send(new Request(input, { ...init, headers, redirect: 'error' }))
  }
}

/** Requests to a server elsewhere as somebody, over whichever transport it speaks. */
export function transportAs(server: McpServer, who: Who): Identified {
  const { send, ...rest } = identified(server, who, networkFetch(reachOf(server)))
  return { send: server.config?.transport === 'sse' ? sseBridge(send) : externalTransport(send), ...rest }
}

/**
 * Requests to a server elsewhere. A redirect on the same origin keeps method and body (fetch turns a redirected POST into
 * a GET), one to another origin is not followed, and an address that lacks or has one slash too many at its end is mended.
 */
export function externalTransport(send: typeof fetch = fetch): typeof fetch {
  let otherSlash: boolean | undefined
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const first = await follow(send, otherSlash ? withOtherSlash(url) : url, init)
    if (otherSlash !== undefined || (first.status !== 404 && first.status !== 405)) {
      otherSlash ??= false
      return first
    }
    const second = await follow(send, withOtherSlash(url), init)
    otherSlash = second.ok
    await (second.ok ? first : second).body?.cancel()
    return second.ok ? second : first
  }
}

async function follow(send: typeof fetch, from: URL, init?: RequestInit): Promise<Response> {
  let url = from
  for (let hop = 0; ; hop += 1) {
    const response = await send(url, { ...init, redirect: 'manual' })
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
    const next = location === null ? null : URL.parse(location, url)
    if (!next || next.origin !== url.origin || hop >= MAX_REDIRECTS) return response
    await response.body?.cancel()
    url = next
  }
}

function withOtherSlash(url: URL): URL {
  const other = new URL(url)
  other.pathname = url.pathname.endsWith('/') ? url.pathname.replace(/\/+$/, '') : `${url.pathname}/`
  return other
}
