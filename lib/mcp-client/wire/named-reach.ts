import dns from 'node:dns/promises'
import net from 'node:net'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import { findReach, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { requireReachable } from '#lib/mcp-client/wire/network-fetch.ts'
import type { Reach } from '#lib/platform/net/pinned-fetch.ts'
import { isPublicAddress } from '#lib/platform/net/public-address.ts'

/**
 * The reach of addresses that a server names, such as those of its authorization server. A public
 * server may not name addresses on this machine or its network, whatever MCP_ALLOW_PRIVATE allows
 * for the operator's own servers.
 */
export async function findNamedReach(server: McpServer): Promise<Reach> {
  return findReach(server) === 'public' || (await isPublicHost(new URL(server.url))) ? 'public' : 'anywhere'
}

/**
 * Throws Refusal if an address that a server named for the person's browser is outside the server's
 * reach.
 */
export async function requireNamed(server: McpServer, named: URL): Promise<void> {
  const reach = await findNamedReach(server)
  requireReachable(named, reach)
  if (reach === 'public' && !(await isPublicHost(named)))
    throw new Refusal('denied', `${named.hostname} is not an address of the public internet, as ${server.name} is.`)
}

/** A host that cannot be resolved counts as public: it leads nowhere, and lifts no limit. */
async function isPublicHost({ hostname }: URL): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (net.isIP(host)) return isPublicAddress(host)
  const found = await dns.lookup(host, { all: true }).catch(() => [])
  return found.every(({ address }) => isPublicAddress(address))
}
