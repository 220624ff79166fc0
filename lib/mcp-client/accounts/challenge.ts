import { extractWWWAuthenticateParams } from '@modelcontextprotocol/client'
import { findReach, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { networkFetch } from '#lib/mcp-client/wire/network-fetch.ts'
import { log } from '#lib/platform/log.ts'

/**
 * What a server says about signing in when it refuses a request: the scope that it wants, and where
 * the metadata of its authorization is.
 */
export type Challenge = { scope?: string; metadataUrl?: string }

const DEADLINE_MS = 5_000
const MAX_REDIRECTS = 3
const SCOPE_MAX_CHARS = 1_000
const REVISION = '2026-07-28'

// The list of tools, because some servers begin a session with anyone.
const REQUEST = {
  jsonrpc: '2.0',
  id: 'sign-in',
  method: 'tools/list',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': REVISION,
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
}

/**
 * Asks a server, without an identity and within 5 s, how it wants people to sign in. Empty if it
 * does not say. Never throws.
 */
export async function askChallenge(server: McpServer): Promise<Challenge> {
  const post = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      'mcp-method': REQUEST.method,
    },
    body: JSON.stringify(REQUEST),
  }
  const get = { headers: { accept: 'text/event-stream' } }
  try {
    const init = {
      ...(server.config?.transport === 'sse' ? get : post),
      redirect: 'manual' as const,
      signal: AbortSignal.timeout(DEADLINE_MS),
    }
    let url = server.url
    for (let hop = 0; ; hop += 1) {
      const response = await networkFetch(findReach(server))(url, init)
      await response.body?.cancel()
      const next = response.status === 307 || response.status === 308 ? response.headers.get('location') : null
      const there = next === null ? null : URL.parse(next, url)
      if (there?.origin !== new URL(url).origin || hop >= MAX_REDIRECTS)
        return response.status === 401 ? readChallenge(response) : {}
      url = there.href
    }
  } catch (error) {
    log.info({ error, server: server.name }, 'an MCP server does not say how it wants people to sign in')
    return {}
  }
}

/** The scope that a server wants for the request that it refused with this 403, if that is why. */
export function readWiderScope(response: Response): string | undefined {
  const { error } = extractWWWAuthenticateParams(response)
  return error === 'insufficient_scope' ? readChallenge(response).scope : undefined
}

function readChallenge(response: Response): Challenge {
  const { scope, resourceMetadataUrl } = extractWWWAuthenticateParams(response)
  return {
    ...(scope && scope.length <= SCOPE_MAX_CHARS && { scope }),
    ...(resourceMetadataUrl && { metadataUrl: resourceMetadataUrl.href }),
  }
}
