import dns from 'node:dns/promises'
import net from 'node:net'
import tls from 'node:tls'
import { type Examination, Finding } from '#lib/mcp-client/doctor/examination.ts'
import { findFix } from '#lib/mcp-client/doctor/find-fix.ts'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import { findReach } from '#lib/mcp-client/servers/mcp-servers.ts'
import { requireReachable } from '#lib/mcp-client/wire/network-fetch.ts'
import { isLoopback } from '#lib/platform/env.ts'
import { isPublicAddress } from '#lib/platform/net/public-address.ts'

const SOON_DAYS = 14

/** Checks the host name, the connection and the certificate. */
export async function runNetworkSteps({ server, url, step }: Examination): Promise<void> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const reach = findReach(server)
  const address = await step('DNS', async () => {
    try {
      requireReachable(url, reach)
    } catch (error) {
      throw error instanceof Refusal ? new Finding('denied', error.message) : error
    }
    if (net.isIP(host)) return { said: `${host} is an address already`, value: host }
    const found = await dns.lookup(host, { all: true })
    const refused = reach === 'public' ? found.find(({ address }) => !isPublicAddress(address)) : undefined
    if (refused)
      throw new Finding('denied', `${host} is at ${refused.address}, which is not an address of the public internet.`)
    return { said: found.map(({ address }) => address).join(', '), value: found[0]?.address }
  })
  await step('TCP', async (signal) => {
    await openSocket(net.connect({ host: address ?? host, port }), 'connect', signal)
    return { said: `port ${port} takes connections` }
  })
  if (url.protocol !== 'https:') {
    const local = isLoopback(host) || (address !== undefined && !isPublicAddress(address))
    await step('TLS', async () => ({
      said: 'not used',
      ...(!local && { warn: { fault: 'plain_http', fix: findFix('plain_http') } }),
    }))
    return
  }
  await step('TLS', async (signal) => {
    const servername = net.isIP(host) ? undefined : host
    const socket = tls.connect({ host: address ?? host, port, servername, rejectUnauthorized: false })
    return openSocket(socket, 'secureConnect', signal, () => {
      const { subject, valid_to } = socket.getPeerCertificate()
      if (!socket.authorized)
        throw new Finding('tls', `The certificate is not trusted: ${String(socket.authorizationError)}.`)
      const days = Math.floor((Date.parse(valid_to) - Date.now()) / 86_400_000)
      const said = `${socket.getProtocol()}, certificate for ${[subject?.CN].flat()[0] ?? host}, valid for ${days} more days`
      return { said, ...(days < SOON_DAYS && { warn: { fault: 'tls_ends_soon', fix: 'Renew the certificate.' } }) }
    })
  })
}

async function openSocket<T = undefined>(
  socket: net.Socket,
  event: string,
  signal: AbortSignal,
  look?: () => T,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once(event, resolve).once('error', reject)
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  try {
    await promise
    return look?.() as T
  } finally {
    socket.on('error', () => undefined).destroy()
  }
}
