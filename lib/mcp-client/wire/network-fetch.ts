import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { Readable } from 'node:stream'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import { WireError } from '#lib/mcp-client/wire-error.ts'
import { EventMeter, type JsonLimits, JsonMeter } from '#lib/platform/json/json-meter.ts'
import { isPublicAddress } from '#lib/platform/net/public-fetch.ts'
import { processState } from '#lib/platform/process-state.ts'

/** Whether requests may go to any address, or only to the public internet. */
export type Reach = 'anywhere' | 'public'
type Lookup = NonNullable<https.RequestOptions['lookup']>
type Agents = Record<'http:' | 'https:', http.Agent>

// Shorter than the 5 s after which many servers close an idle connection: a request sent just then
// would be lost.
const IDLE_MS = 4_000
const SOCKETS_MAX = 256
/** The limits (bytes) of one event stream, and of one answer or event. */
const STREAM_MAX_BYTES = 32 * 1024 * 1024
const ANSWER_MAX_BYTES = 12 * 1024 * 1024
/**
 * The limits of an answer's JSON, so that parsing does not block the process. The depth is cut
 * where the answer is read.
 */
const ANSWER_LIMITS: JsonLimits = { values: 60_000, depth: Number.POSITIVE_INFINITY, escapes: 500_000 }
const NO_BODY = new Set([101, 204, 205, 304])

// All runs share the sockets, but never the MCP sessions on them.
const agents = processState('agents', (): Partial<Record<Reach, Agents>> => ({}))

/**
 * `fetch` for MCP servers: pooled connections, answers of at most 12 MiB and streams of at most 32
 * MiB, redirects returned as they are. With `public`, the address must be on the public internet.
 * This is checked after name resolution, at every new connection, so that no name leads to this
 * machine or its network. Throws Refusal for a forbidden address, and WireError for a connection
 * that breaks.
 */
export function networkFetch(reach: Reach): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    requireReachable(url, reach)
    const request = new Request(input, init)
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer())
    return send(url, request, body, agentsFor(reach)[url.protocol as 'http:' | 'https:'])
  }
}

/** Throws Refusal for an address that is forbidden even without resolving its name. */
export function requireReachable(url: URL, reach: Reach): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Refusal('denied', 'Only http and https addresses can be servers.')
  if (url.username || url.password)
    throw new Refusal('denied', 'The address of a server must not contain a name or password.')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // `lookup` is not called for a literal address.
  if (reach === 'public' && net.isIP(host) && !isPublicAddress(host)) throw notPublic(host)
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
  outgoing.on('error', (error) =>
    reject(request.signal.aborted || error instanceof Refusal ? error : new WireError(error, { left, secure })),
  )
  outgoing.on('response', (incoming) => {
    const status = incoming.statusCode ?? 502
    const received = new Headers()
    for (const [name, value] of Object.entries(incoming.headers))
      for (const one of [value ?? []].flat()) received.append(name, one)
    incoming.on('error', () => undefined)
    if (NO_BODY.has(status)) incoming.resume()
    const stream = NO_BODY.has(status)
      ? null
      : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>).pipeThrough(
          limitBytes(received.get('content-type') ?? ''),
        )
    resolve(new Response(stream, { status: status < 200 ? 502 : status, headers: received }))
  })
  outgoing.end(body)
  return promise
}

function limitBytes(type: string): TransformStream<Uint8Array, Uint8Array> {
  const events = type.startsWith('text/event-stream')
  const meter = events ? new EventMeter(ANSWER_LIMITS, ANSWER_MAX_BYTES) : new JsonMeter(ANSWER_LIMITS)
  const max = events ? STREAM_MAX_BYTES : ANSWER_MAX_BYTES
  let left = max
  return new TransformStream({
    transform: (chunk, controller) => {
      left -= chunk.byteLength
      const excess = left < 0 ? 'bytes' : meter.feed(chunk)
      if (!excess) controller.enqueue(chunk)
      else if (left < 0) controller.error(new Error(`the answer is longer than ${max} bytes`))
      else controller.error(new Error(`the answer has too many ${excess}`))
    },
  })
}

function agentsFor(reach: Reach): Agents {
  const options = {
    keepAlive: true,
    timeout: IDLE_MS,
    maxSockets: SOCKETS_MAX,
    ...(reach === 'public' && { lookup: publicLookup }),
  }
  const pair = agents()[reach] ?? { 'http:': new http.Agent(options), 'https:': new https.Agent(options) }
  agents()[reach] = pair
  return pair
}

const publicLookup: Lookup = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error) return callback(error, '', 0)
    const refused = found.find(({ address }) => !isPublicAddress(address))
    const [first] = found
    if (refused || !first) callback(notPublic(hostname), '', 0)
    else if (options.all) callback(null, found)
    else callback(null, first.address, first.family)
  })
}

function notPublic(host: string): Refusal {
  return new Refusal(
    'denied',
    `${host} is not an address of the public internet. The operator can allow private addresses with MCP_ALLOW_PRIVATE=on.`,
  )
}
