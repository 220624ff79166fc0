import {
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
} from '@modelcontextprotocol/client'
import { findBoundIssuer, findHandMadeClient, isSameIssuer } from '#lib/mcp-client/accounts/client-issuer.ts'
import { oauthFetch } from '#lib/mcp-client/accounts/oauth-fetch.ts'
import { readRetryAfterSeconds } from '#lib/mcp-client/answers/turned-away.ts'
import { type Examination, Finding } from '#lib/mcp-client/doctor/examination.ts'
import { findFix } from '#lib/mcp-client/doctor/find-fix.ts'
import { toSafeDetail } from '#lib/mcp-client/failures/mcp-failure.ts'
import { CLIENT_INFO } from '#lib/mcp-client/sessions/server-session.ts'

/** The authentication challenge of a server that requires a sign-in. */
export type Challenge = { resourceMetadataUrl?: URL; scope?: string }

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 'doctor',
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: CLIENT_INFO },
}
const END_MS = 1_000

/**
 * Sends the first request, without an identity and without following redirects, to check that an
 * MCP endpoint is at exactly this address.
 */
export async function runEndpointStep({ server, url, bare, step }: Examination): Promise<{ needsSignIn?: Challenge }> {
  const needsSignIn = await step<Challenge>('Endpoint', async (signal) => {
    if (server.config?.transport === 'sse') return { said: 'HTTP+SSE: the stream is opened below' }
    const { response, at } = await atRightSlash(bare, url, signal)
    // Calls find the right address by themselves, at the cost of one more request.
    const warn = at.href === url.href ? {} : { warn: { fault: 'slash', fix: `Write ${at.href}` } }
    const where = at.href === url.href ? '' : `, at ${at.href}`
    const { status, headers } = response
    await endSession(bare, at, response)
    if (status === 401) {
      await response.body?.cancel()
      return {
        said: `answers, and wants a sign-in (HTTP 401)${where}`,
        value: extractWWWAuthenticateParams(response),
        ...warn,
      }
    }
    const type = headers.get('content-type') ?? ''
    const location = headers.get('location')
    if (status >= 300 && status < 400 && location) {
      await response.body?.cancel()
      throw redirectFinding(at, location)
    }
    if (status === 404 || status === 405) {
      await response.body?.cancel()
      return findOtherAddress(bare, at, status, signal)
    }
    if (!response.ok) {
      await response.body?.cancel()
      throw refusalFinding(status, headers.get('retry-after'))
    }
    if (/text\/html/i.test(type)) {
      await response.body?.cancel()
      throw new Finding('wrong_type', 'It answers with a web page.')
    }
    if (!/application\/json|text\/event-stream/i.test(type)) {
      await response.body?.cancel()
      throw new Finding(
        'protocol_error',
        `It answers with ${type || 'no content type'} instead of JSON or an event stream.`,
      )
    }
    await requireReadable(response, type)
    return { said: `HTTP ${status}, ${type.split(';')[0]}${where}`, ...warn }
  })
  return { needsSignIn }
}

/**
 * Checks where people sign in and whether an account can be connected. If the admin chose another
 * identity, reports that instead.
 */
export async function runAuthSteps({ server, step }: Examination, challenge: Challenge): Promise<void> {
  const identity = server.config?.identity.kind ?? 'none'
  if (
    identity === 'key' ||
    identity === 'token' ||
    (server.config?.headers.length ?? 0) > 0 ||
    Object.keys(server.secrets?.headers ?? {}).length > 0
  ) {
    await step('Sign-in', async () => ({ said: `is done by ${identity === 'none' ? 'headers' : identity}` }))
    return
  }
  const send = oauthFetch(server)
  const resource = await step('Resource metadata', async () => {
    const found = await discoverOAuthProtectedResourceMetadata(server.url, challenge, send).catch((cause) => {
      throw new Finding(
        'no_auth_metadata',
        `It wants a sign-in and does not say where: ${toSafeDetail(String(cause.message))}`,
      )
    })
    const issuers = found.authorization_servers ?? []
    if (issuers.length === 0) throw new Finding('no_auth_metadata', 'Its metadata names no authorization server.')
    return { said: `signs in at ${issuers.join(', ')}`, value: issuers[0] }
  })
  await step('Authorization server', async () => {
    const found = await discoverAuthorizationServerMetadata(resource ?? '', { fetchFn: send }).catch((cause) => {
      throw new Finding(
        'bad_auth_metadata',
        `${resource} does not describe itself: ${toSafeDetail(String(cause.message))}`,
      )
    })
    if (!found) throw new Finding('bad_auth_metadata', `${resource} does not describe itself.`)
    if (!found.code_challenge_methods_supported?.includes('S256'))
      throw new Finding('bad_auth_metadata', `${resource} does not say that it supports PKCE (S256).`)
    const byDocument = (found as { client_id_metadata_document_supported?: boolean })
      .client_id_metadata_document_supported
    const registers = [
      byDocument && 'client-id documents',
      found.registration_endpoint && 'dynamic registration',
    ].filter(Boolean)
    const byHand = findHandMadeClient(server)
    const bound = await findBoundIssuer(server)
    if (bound !== undefined && !isSameIssuer(bound, found.issuer))
      throw new Finding(
        'foreign_issuer',
        `It signs in at ${found.issuer}, but your client is registered at ${bound}. Nothing of the client is sent.`,
      )
    const isUnbound = byHand && byHand.issuer === undefined && server.secrets?.clientSecret !== undefined
    const warn = isUnbound ? { warn: { fault: 'no_issuer', fix: findFix('no_issuer') } } : {}
    if (registers.length === 0 && !byHand)
      throw new Finding('no_registration', `${found.issuer} registers nobody by itself.`, { stop: false })
    return { said: `${found.issuer}: ${registers.join(' and ') || 'a client registered by hand'}, PKCE`, ...warn }
  })
  if (identity === 'none')
    await step('Sign-in', async () =>
      Promise.reject(new Finding('unauthorised', 'The server wants a sign-in, and none is configured.')),
    )
}

function post(send: typeof fetch, url: URL, signal: AbortSignal): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  return send(url, { method: 'POST', headers, body: JSON.stringify(INITIALIZE), signal, redirect: 'manual' })
}

/**
 * The response of the address, or of its variant with or without the trailing slash if the server
 * redirects there or has nothing at the first.
 */
async function atRightSlash(
  send: typeof fetch,
  url: URL,
  signal: AbortSignal,
): Promise<{ response: Response; at: URL }> {
  const first = await post(send, url, signal)
  const other = new URL(url)
  other.pathname = url.pathname.endsWith('/') ? url.pathname.replace(/\/+$/, '') : `${url.pathname}/`
  const location = first.status >= 300 && first.status < 400 ? first.headers.get('location') : null
  const leadsThere = location !== null && URL.parse(location, url)?.href === other.href
  if (!leadsThere && first.status !== 404 && first.status !== 405) return { response: first, at: url }
  const second = await post(send, other, signal)
  const found = leadsThere || second.ok || second.status === 401
  await (found ? first : second).body?.cancel()
  return found ? { response: second, at: other } : { response: first, at: url }
}

/** The first request may have started a session that would never be used. */
async function endSession(send: typeof fetch, url: URL, { headers }: Response): Promise<void> {
  const session = headers.get('mcp-session-id')
  if (session === null) return
  const signal = AbortSignal.timeout(END_MS)
  const ended = await send(url, { method: 'DELETE', headers: { 'mcp-session-id': session }, signal }).catch(
    () => undefined,
  )
  await ended?.body?.cancel()
}

function redirectFinding(url: URL, location: string): Finding {
  const next = URL.parse(location, url)
  return new Finding('redirect', `It redirects to ${next?.href ?? location}.`, {
    stop: next?.origin !== url.origin,
    fix: `If that is the server, write ${next?.href ?? location}. ${findFix('redirect')}`,
  })
}

/** Handles 404 and 405, which the older transport may cause. */
async function findOtherAddress(send: typeof fetch, url: URL, status: number, signal: AbortSignal): Promise<never> {
  const stream = await send(url, { headers: { accept: 'text/event-stream' }, signal })
  await stream.body?.cancel()
  if (stream.ok && /text\/event-stream/i.test(stream.headers.get('content-type') ?? ''))
    throw new Finding('old_transport', 'It opens an event stream and takes no POST: the transport of 2024.')
  throw new Finding(
    status === 404 ? 'not_found' : 'wrong_method',
    `HTTP ${status}: there is no MCP endpoint at this path.`,
  )
}

function refusalFinding(status: number, retryAfter: string | null): Finding {
  if (status === 403) return new Finding('forbidden', 'It refuses (HTTP 403).')
  if (status === 413) return new Finding('too_large', 'Even the first request of MCP is too large for it (HTTP 413).')
  const seconds = readRetryAfterSeconds(retryAfter)
  const again = seconds === undefined ? '' : `, and wants to be asked again in ${seconds} s`
  if (status === 429 || status === 503) return new Finding('overloaded', `It is too busy (HTTP ${status})${again}.`)
  if (status >= 500) return new Finding('server_error', `It failed (HTTP ${status}).`)
  return new Finding('protocol_error', `It does not take the first request of MCP (HTTP ${status}).`)
}

async function requireReadable(response: Response, type: string): Promise<void> {
  if (!/application\/json/i.test(type)) return void (await response.body?.cancel())
  const text = await response.text()
  try {
    const { jsonrpc } = JSON.parse(text) as { jsonrpc?: unknown }
    if (jsonrpc === '2.0') return
  } catch {
    throw new Finding('protocol_error', 'It says that it answers JSON, and what it answers is not JSON.')
  }
  throw new Finding('protocol_error', 'It answers JSON that is not JSON-RPC 2.0.')
}
