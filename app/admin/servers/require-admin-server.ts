import { requireServer } from '#lib/data/servers/servers.ts'
import { type McpServer, readConfiguredServers, toMcpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { notFound } from '#lib/platform/errors.ts'

/**
 * The server with this id for an admin's page, enabled or not, from the settings or added by an
 * admin. Throws not_found.
 */
export async function requireAdminServer(id: string): Promise<McpServer & { id: string }> {
  const server = id.startsWith('settings:')
    ? readConfiguredServers().find((other) => other.id === id)
    : toMcpServer(await requireServer(id))
  if (!server) throw notFound('The server')
  return { ...server, id }
}
