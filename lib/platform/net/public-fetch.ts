import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { isLoopback } from '#lib/platform/env.ts'

/** Why an untrusted address was not fetched. */
export class PublicFetchError extends Error {}

type Options = {
  signal: AbortSignal
  /** A body larger than this is an error. */
  maxBytes: number
  accept?: string
  /** For tests: also allows loopback addresses, over http too. */
  allowLoopback?: boolean
}

/**
 * Fetches (GET) an untrusted https address. The check is on the IP address after the name was
 * resolved, so that no name can lead to this machine or its network. Redirects are not followed but
 * returned. Throws PublicFetchError.
 */
export async function fetchPublic(
  address: string,
  { signal, maxBytes, accept = 'application/json', allowLoopback = false }: Options,
): Promise<Response> {
  const url = URL.parse(address)
  if (!url || url.username || url.password) throw new PublicFetchError('not an address that can be fetched')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const local = allowLoopback && isLoopback(host)
  if (url.protocol !== 'https:' && !(local && url.protocol === 'http:'))
    throw new PublicFetchError('only https is fetched')
  const mayConnect = (ip: string) => isPublicAddress(ip) || (allowLoopback && isLoopback(ip))
  // `lookup` is not called for an IP literal.
  if (net.isIP(host) && !mayConnect(host)) throw new PublicFetchError(`${host} is not a public address`)
  const { request } = url.protocol === 'https:' ? https : http
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const outgoing = request(url, {
    signal,
    agent: false,
    headers: { accept, 'user-agent': 'Switchboard' },
    lookup: lookupAmong(mayConnect),
  })
  outgoing.on('error', (cause) =>
    reject(cause instanceof PublicFetchError ? cause : new PublicFetchError('could not be fetched', { cause })),
  )
  outgoing.on('response', (incoming) => {
    readAll(incoming, maxBytes).then((body) => resolve(toResponse(incoming, body)), reject)
  })
  outgoing.end()
  return promise
}

type Lookup = NonNullable<https.RequestOptions['lookup']>

function lookupAmong(mayConnect: (ip: string) => boolean): Lookup {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, found) => {
      const refused = error ? undefined : found.find(({ address }) => !mayConnect(address))
      if (error || refused || found.length === 0) {
        callback(
          error ?? new PublicFetchError(`${hostname} is at ${refused?.address ?? 'no address'}, which is not public`),
          '',
          0,
        )
      } else if (options.all) callback(null, found)
      else callback(null, found[0]?.address ?? '', found[0]?.family)
    })
  }
}

async function readAll(incoming: http.IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) throw new PublicFetchError(`larger than ${maxBytes} bytes`)
      chunks.push(chunk)
    }
  } catch (cause) {
    throw cause instanceof PublicFetchError ? cause : new PublicFetchError('broke off', { cause })
  } finally {
    incoming.destroy()
  }
  return Buffer.concat(chunks)
}

function toResponse(incoming: http.IncomingMessage, body: Buffer): Response {
  const status = incoming.statusCode ?? 502
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers))
    for (const one of [value ?? []].flat()) headers.append(name, one)
  return new Response([204, 205, 304].includes(status) ? null : new Uint8Array(body), { status, headers })
}

// Two lists, because a single one also compares IPv4 addresses with IPv6 networks.
const NOT_PUBLIC = { 4: new net.BlockList(), 6: new net.BlockList() }
for (const network of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
])
  NOT_PUBLIC[4].addSubnet(...subnet(network), 'ipv4')
// In IPv6 only 2000::/3 is public, except networks that embed IPv4 addresses (6to4, Teredo) or are
// for documentation.
for (const network of ['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'])
  NOT_PUBLIC[6].addSubnet(...subnet(network), 'ipv6')

function subnet(network: string): [string, number] {
  const [address = '', prefix] = network.split('/')
  return [address, Number(prefix)]
}

/**
 * True if an IP address is on the public internet: not private, loopback, link-local, multicast or
 * reserved, nor an encoding of such an address.
 */
export function isPublicAddress(ip: string): boolean {
  const family = net.isIP(ip)
  if (family === 4) return !NOT_PUBLIC[4].check(ip, 'ipv4')
  return family === 6 && !NOT_PUBLIC[6].check(ip, 'ipv6')
}
