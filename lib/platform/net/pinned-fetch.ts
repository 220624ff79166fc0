import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { Readable } from 'node:stream'
import { isLoopback } from '#lib/platform/env.ts'
import { isPublicAddress } from '#lib/platform/net/public-address.ts'
import { WireError } from '#lib/platform/net/wire-error.ts'
import { processState } from '#lib/platform/process-state.ts'

/** Where requests may go: any address, the public internet, or for tests also this machine. */
export type Reach = 'anywhere' | 'public' | 'public or loopback'

/** Why an address is forbidden. No AppError: whoever asked for the address has the sentence. */
export class ForbiddenAddressError extends Error {
  readonly why: 'scheme' | 'credentials' | 'private'
  readonly host: string

  constructor(why: 'scheme' | 'credentials' | 'private', host: string, at = host) {
    super(why === 'private' ? `${host} is at ${at}, which is not public` : `an address of ${host} has forbidden ${why}`)
    this.name = 'ForbiddenAddressError'
    this.why = why
    this.host = host
  }
}

type Lookup = NonNullable<https.RequestOptions['lookup']>
type Agents = Record<'http:' | 'https:', http.Agent>

// Shorter than the 5 s after which many servers close an idle connection: a request sent just then
// would be lost.
const IDLE_MS = 4_000
const SOCKETS_MAX = 256
const NO_BODY = new Set([101, 204, 205, 304])

const MAY_CONNECT: Record<Reach, (ip: string) => boolean> = {
  anywhere: () => true,
  public: isPublicAddress,
  'public or loopback': (ip) => isPublicAddress(ip) || isLoopback(ip),
}

// All requests share the sockets of their reach: a socket was checked when it was connected.
const agents = processState('agents', (): Partial<Record<Reach, Agents>> => ({}))

/**
 * `fetch` for addresses that others name. The address is checked after name resolution, at every
 * new connection, so that no name leads outside `reach`. Connections are pooled; redirects are
 * returned, not followed; a body has no limit here. Throws ForbiddenAddressError, and WireError for
 * a connection that breaks.
 */
export function pinnedFetch(reach: Reach): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    requireAllowed(url, reach)
    const request = new Request(input, init)
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer())
    return send(url, request, body, agentsFor(reach)[url.protocol as 'http:' | 'https:'])
  }
}

/** Throws ForbiddenAddressError for an address that is forbidden even without resolving its name. */
export function requireAllowed(url: URL, reach: Reach): void {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new ForbiddenAddressError('scheme', host)
  if (url.username || url.password) throw new ForbiddenAddressError('credentials', host)
  // `lookup` is not called for a literal address.
  if (net.isIP(host) && !MAY_CONNECT[reach](host)) throw new ForbiddenAddressError('private', host)
}

function send(url: URL, request: Request, body: Buffer | undefined, agent: http.Agent): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const headers: Record<string, string | number> = Object.fromEntries(request.headers)
  if (body) headers['content-length'] = body.length
  const { request: open } = url.protocol === 'https:' ? https : http
  const outgoing = open(url, { method: request.method, headers, agent, signal: request.signal })
  const secure = url.protocol === 'https:'
  let left = false
  outgoing.on('socket', (socket) => {
    // A pooled socket that the request waited for is connected, but not flagged as reused.
    if (outgoing.reusedSocket || !socket.connecting) left = true
    else
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        left = true
      })
  })
  outgoing.on('error', (error) => {
    const ours = request.signal.aborted || error instanceof ForbiddenAddressError
    reject(ours ? error : new WireError(error, { left, secure }))
  })
  outgoing.on('response', (incoming) => resolve(toResponse(incoming)))
  outgoing.end(body)
  return promise
}

function toResponse(incoming: http.IncomingMessage): Response {
  const status = incoming.statusCode ?? 502
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers))
    for (const one of [value ?? []].flat()) headers.append(name, one)
  incoming.on('error', () => undefined)
  const empty = NO_BODY.has(status)
  if (empty) incoming.resume()
  const body = empty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>)
  return new Response(body, { status: status < 200 ? 502 : status, headers })
}

function agentsFor(reach: Reach): Agents {
  const options = {
    keepAlive: true,
    timeout: IDLE_MS,
    maxSockets: SOCKETS_MAX,
    ...(reach !== 'anywhere' && { lookup: lookupWithin(reach) }),
  }
  const pair = agents()[reach] ?? { 'http:': new http.Agent(options), 'https:': new https.Agent(options) }
  agents()[reach] = pair
  return pair
}

/** A name that leads to even one forbidden address is refused. */
function lookupWithin(reach: Reach): Lookup {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '', 0)
      const refused = found.find(({ address }) => !MAY_CONNECT[reach](address))
      const [first] = found
      if (refused || !first)
        callback(new ForbiddenAddressError('private', hostname, refused?.address ?? 'no address'), '', 0)
      else if (options.all) callback(null, found)
      else callback(null, first.address, first.family)
    })
  }
}
