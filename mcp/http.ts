import { createMcpHandler, INTERNAL_ERROR } from '@modelcontextprotocol/server'
import type { Caller } from '#lib/auth/caller.ts'
import { env } from '#lib/env.ts'
import { toAppError } from '#lib/errors.ts'
import { requestIdOf } from '#lib/http.ts'
import { currentRequestId, log, withLogContext } from '#lib/log.ts'
import { type Authenticate, authenticate, scopeChallenge } from '#mcp/auth.ts'
import { fromSessionId, sessionIdFor, toClientInfo } from '#mcp/client-info.ts'
import type { Tool } from '#mcp/define-tool.ts'
import { allowOrigin, preflight, requireKnownPlace } from '#mcp/gate.ts'
import { readMessage, rpcError } from '#mcp/message.ts'
import { toPlainJson } from '#mcp/plain-json.ts'
import { makeServer } from '#mcp/server.ts'
import { toolset } from '#mcp/toolset.ts'

type Endpoint = (request: Request) => Promise<Response>

/**
 * A Streamable HTTP endpoint for `tools`: stateless, one server a request, JSON unless something streams. The route and, in
 * process, the agent call it alike. Never throws.
 */
export function makeEndpoint(tools: readonly Tool[], authenticate: Authenticate): Endpoint {
  const byName = new Map(tools.map((tool) => [tool.name, tool]))
  const sdk = createMcpHandler(
    ({ authInfo, requestInfo }) => {
      const caller = authInfo?.extra?.caller as Caller
      return makeServer(byName, { caller, client: fromSessionId(requestInfo?.headers.get('mcp-session-id') ?? null) })
    },
    { onerror: (error) => log.info({ error }, 'mcp request refused') },
  )

  async function answer(request: Request): Promise<Response> {
    if (request.method === 'OPTIONS') return preflight()
    const caller = await authenticate(request)
    if (caller instanceof Response) return caller
    // GET opens and DELETE ends a session's stream in older revisions; there are no sessions here.
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST, OPTIONS' } })
    return withLogContext({ user_id: caller.userId }, () => exchange(request, caller))
  }

  async function exchange(request: Request, caller: Caller): Promise<Response> {
    const message = await readMessage(request)
    if (message instanceof Response) return message
    const params = message.params as Record<string, unknown> | undefined
    if (message.method === 'tools/call') {
      const challenge = scopeChallenge(caller, byName.get(String(params?.name))?.scope)
      if (challenge) return challenge
    }
    const authInfo = { token: '', clientId: caller.via === 'token' ? caller.tokenId : caller.via, scopes: [], extra: { caller } }
    const response = await toPlainJson(await sdk.fetch(bare(request), { authInfo, parsedBody: message }))
    if (message.method === 'initialize' && response.ok)
      response.headers.set('mcp-session-id', sessionIdFor(toClientInfo(params?.clientInfo)))
    return response
  }

  return (request) => {
    const requestId = currentRequestId() ?? requestIdOf(request)
    return withLogContext({ request_id: requestId }, async () => {
      let response: Response
      try {
        requireKnownPlace(request, env())
        response = await answer(request)
        allowOrigin(request, response)
      } catch (thrown) {
        const error = toAppError(thrown)
        log[error.status >= 500 ? 'error' : 'info']({ error: thrown, code: error.code, method: request.method }, 'mcp request refused')
        response = rpcError(error.status, error.status >= 500 ? INTERNAL_ERROR : -32_000, error.message)
        if (error.retryAfter !== undefined) response.headers.set('retry-after', String(error.retryAfter))
        if (error.code !== 'forbidden') allowOrigin(request, response)
      }
      response.headers.set('x-request-id', requestId)
      if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
      return response
    })
  }
}

/** The request for the SDK, whose body is read already. It asks older clients to accept both forms of answer; we need not. */
function bare(request: Request): Request {
  const headers = new Headers(request.headers)
  headers.delete('authorization')
  headers.delete('cookie')
  headers.set('accept', 'application/json, text/event-stream')
  return new Request(request.url, { method: 'POST', headers, signal: request.signal })
}

/** Our own MCP server: the endpoint behind /mcp. */
export const handleMcp: Endpoint = makeEndpoint(toolset, authenticate)
