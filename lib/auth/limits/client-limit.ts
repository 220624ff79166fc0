import { consumeLimit, type Limit } from '#lib/auth/limits/rate-limit.ts'
import { env } from '#lib/platform/env.ts'

/** The factor for the shared limit of all clients if their addresses are unknown. */
const CROWD = 20

/**
 * Counts one event of the client that sent these headers. Its address is trusted only from the
 * proxies that TRUSTED_PROXIES counts. Without a trusted address, all clients share one counter
 * with a limit 20 times as high. Throws limited.
 */
export function consumeClient(limit: Limit, headers: Headers): Promise<void> {
  const address = readClientAddress(headers)
  return address ? consumeLimit(limit, address) : consumeLimit({ ...limit, points: limit.points * CROWD }, 'everybody')
}

/**
 * The address that the outermost trusted proxy saw. For IPv6 it is the /64 network, which is what
 * one household or server has.
 */
export function readClientAddress(headers: Headers): string | null {
  const { TRUSTED_PROXIES } = env()
  if (TRUSTED_PROXIES === 0) return null
  const seen = (headers.get('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim())
  const address = seen.at(-TRUSTED_PROXIES)
  if (!address) return null
  return address.includes(':') && !address.includes('.') ? network64(address) : address
}

function network64(address: string): string {
  const [head = '', tail] = address
    .replace(/[[\]]|%.*$/g, '')
    .toLowerCase()
    .split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')
}
