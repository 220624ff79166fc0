import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { findNamedReach } from '#lib/mcp-client/wire/named-reach.ts'
import { networkFetch } from '#lib/mcp-client/wire/network-fetch.ts'
import type { Reach } from '#lib/platform/net/pinned-fetch.ts'

const DEADLINE_MS = 10_000
const MAX_REDIRECTS = 3

/**
 * `fetch` for metadata, registration and tokens, at addresses that the server may name. Limited to
 * 10 s; redirects of GET are followed, and each target is checked.
 */
export function oauthFetch(server: McpServer): typeof fetch {
  let reach: Promise<Reach> | undefined
  return async (input, init) => {
    reach ??= findNamedReach(server)
    const network = networkFetch(await reach)
    const signal = AbortSignal.any([AbortSignal.timeout(DEADLINE_MS), ...(init?.signal ? [init.signal] : [])])
    let request = new Request(input, { ...init, signal })
    for (let hop = 0; ; hop += 1) {
      const response = await network(request)
      const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
      const next = location === null ? null : URL.parse(location, request.url)
      // A POST carries codes and secrets, which must not be forwarded.
      if (!next || request.method !== 'GET' || hop >= MAX_REDIRECTS) return response
      await response.body?.cancel()
      request = new Request(next, { headers: { accept: request.headers.get('accept') ?? 'application/json' }, signal })
    }
  }
}
