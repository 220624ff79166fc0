import {
  type AuthInfo,
  createMcpHandler,
  INTERNAL_ERROR,
  isLegacyRequest,
  PROTOCOL_VERSION_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { findRequestId } from '#lib/platform/http/http.ts'
import { keepSignal } from '#lib/platform/http/keep-signal.ts'
import { openStream } from '#lib/platform/http/open-streams.ts'
import { findCurrentRequestId, log, withLogContext } from '#lib/platform/log.ts'
import { type Authenticate, authenticate, challengeForScope } from '#mcp/auth.ts'
import { type ClientInfo, readSessionId, toClientInfo, toSessionId } from '#mcp/client-info.ts'
import { endWhenDisallowed } from '#mcp/end-when-disallowed.ts'
import { allowOrigin, answerPreflight, requireKnownPlace } from '#mcp/gate.ts'
import { type Message, readMessage, toRpcError } from '#mcp/message.ts'
import { createServerOffer, type Offer } from '#mcp/offers/server-offer.ts'
import { answerPlainly, wantsProgress } from '#mcp/plain-answer.ts'
import { consumeRequest } from '#mcp/request-limit.ts'
import { beginSession, findSession, isChannelId, toHolder, wantsChannel } from '#mcp/sessions.ts'
import { toolset } from '#mcp/toolset.ts'

type Endpoint = (request: Request) => Promise<Response>

const SESSION = 'mcp-session-id'
const REASON_MAX_CHARS = 300

/**
 * Makes a Streamable HTTP endpoint for an offer. Each request gets its own server and a JSON
 * response, unless it streams. Only older clients that can be asked something get a session. The
 * route and the in-process agent both call it. The endpoint never throws.
 */
export function makeEndpoint(offer: Offer, authenticate: Authenticate): Endpoint {
  const sdk = createMcpHandler(
    ({ requestInfo }) => offer.makeServer(readSessionId(requestInfo?.headers.get(SESSION) ?? null)),
    {
      onerror: ({ message }) => log.info({ reason: message.slice(0, REASON_MAX_CHARS) }, 'mcp request refused'),
    },
  )

  async function answer(request: Request): Promise<Response> {
    if (request.method === 'OPTIONS') return answerPreflight()
    const caller = await authenticate(request)
    if (caller instanceof Response) return caller
    // GET is exempt: a session's channel is bounded as a stream, and anything the server asks
    // before the client has opened it is lost, so nothing may delay it.
    if (request.method !== 'GET') await consumeRequest(caller)
    return withLogContext({ user_id: caller.userId }, () => exchange(request, caller))
  }

  async function exchange(request: Request, caller: Caller): Promise<Response> {
    const message = request.method === 'POST' ? await readMessage(request) : undefined
    if (message instanceof Response) return message
    const challenge = message && challengeForScope(caller, offer.scopeOf(message))
    if (challenge) return challenge
    // Counted before any work is done: a call that was made must not be answered by a refusal.
    const onClose = mayStream(request, message) ? openStream(caller.userId) : () => undefined
    try {
      return endWhenDisallowed(
        await respond(request, caller, message),
        async () => !((await authenticate(request)) instanceof Response),
        onClose,
      )
    } catch (error) {
      onClose()
      throw error
    }
  }

  async function respond(request: Request, caller: Caller, message: Message | undefined): Promise<Response> {
    const sessionId = request.headers.get(SESSION)
    if (message?.method === 'initialize') return initialize(request, caller, message)
    if (isChannelId(sessionId) && request.method !== 'HEAD') return inSession(request, caller, sessionId, message)
    if (message) return once(request, readSessionId(sessionId), { authInfo: authOf(caller), parsedBody: message })
    return new Response(null, { status: 405, headers: { allow: 'POST, OPTIONS' } })
  }

  /** Serves one request with one server. */
  async function once(
    request: Request,
    client: ClientInfo,
    options: { authInfo: AuthInfo; parsedBody: Message },
  ): Promise<Response> {
    const { authInfo, parsedBody: message } = options
    if (claimsRevision(message) || !(await isLegacyRequest(request, message))) return sdk.fetch(request, options)
    if (wantsProgress(message)) return sdk.fetch(bare(request), options)
    const version = request.headers.get('mcp-protocol-version')
    if (version && message.method !== 'initialize' && !SUPPORTED_PROTOCOL_VERSIONS.includes(version))
      return toRpcError(
        400,
        -32_000,
        `Unsupported protocol version (supported versions: ${SUPPORTED_PROTOCOL_VERSIONS.join(', ')})`,
      )
    // Notifications, and answers to questions that were never asked. Without a session they refer
    // to nothing.
    if (!('id' in message && 'method' in message)) return new Response(null, { status: 202 })
    return answerPlainly(offer.makeServer(client), message, { authInfo, signal: request.signal })
  }

  async function initialize(request: Request, caller: Caller, message: Message): Promise<Response> {
    const client = toClientInfo(message.params?.clientInfo)
    const options = { authInfo: authOf(caller), parsedBody: message }
    const channel = wantsChannel(message) ? await beginSession(caller, offer.makeServer(client)) : null
    const response = await (channel ? channel.handleRequest(bare(request), options) : once(request, client, options))
    if (response.ok) response.headers.set(SESSION, channel?.sessionId ?? toSessionId(client))
    return response
  }

  async function inSession(request: Request, caller: Caller, id: string, message?: Message): Promise<Response> {
    const channel = findSession(caller, id)
    if (!channel)
      return toRpcError(
        404,
        -32_001,
        'This session has ended or is not known to this server. Begin again with initialize.',
      )
    return channel.handleRequest(bare(request), { authInfo: authOf(caller), parsedBody: message })
  }

  return (request) => {
    const requestId = findCurrentRequestId() ?? findRequestId(request)
    return withLogContext({ request_id: requestId }, async () => {
      let response: Response
      try {
        requireKnownPlace(request, env())
        response = await answer(request)
        allowOrigin(request, response)
      } catch (thrown) {
        const error = toAppError(thrown)
        log[error.status >= 500 ? 'error' : 'info'](
          { error: thrown, code: error.code, method: request.method },
          'mcp request refused',
        )
        response = toRpcError(error.status, error.status >= 500 ? INTERNAL_ERROR : -32_000, error.message)
        if (error.retryAfter !== undefined) response.headers.set('retry-after', String(error.retryAfter))
        if (error.code !== 'forbidden') allowOrigin(request, response)
      }
      response.headers.set('x-request-id', requestId)
      if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
      return response
    })
  }
}

/**
 * True if the answer may be a stream: a session's channel, or a call whose client asked for
 * progress.
 */
function mayStream({ method }: Request, message: Message | undefined): boolean {
  return method === 'GET' || (message !== undefined && wantsProgress(message))
}

function authOf(caller: Caller): AuthInfo {
  return { token: '', clientId: toHolder(caller), scopes: [], extra: { caller } }
}

/** True for requests of revision 2026-07-28 and later, which name their revision. */
function claimsRevision({ params }: Message): boolean {
  return (params?._meta as Record<string, unknown> | undefined)?.[PROTOCOL_VERSION_META_KEY] !== undefined
}

/**
 * A copy of the request for the SDK's older transport, without the body, which is already read.
 * That transport requires older clients to accept both JSON and event streams; we do not.
 */
function bare({ url, method, headers: given, signal }: Request): Request {
  const headers = new Headers(given)
  headers.delete('authorization')
  headers.delete('cookie')
  headers.set('accept', 'application/json, text/event-stream')
  return keepSignal(new Request(url, { method, headers, signal }))
}

const own = makeEndpoint(createServerOffer(toolset), authenticate)

/** Our own MCP server: the endpoint behind /mcp. Answers 404 if MCP_BUILTIN is off. */
export async function handleMcp(request: Request): Promise<Response> {
  if (env().MCP_BUILTIN === 'on') return own(request)
  return toRpcError(404, -32_601, 'The MCP server of this installation is switched off (MCP_BUILTIN).')
}
