import { requireServer } from '#lib/data/servers/servers.ts'
import { configuredServers, fromStored, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { notFound } from '#lib/platform/errors.ts'

/**
 * The server with this id for an admin's page, enabled or not, from the settings or added by an
 * admin. Throws not_found.
 */
export async function requireAdminServer(id: string): Promise<McpServer & { id: string }> {
  const server = id.startsWith('settings:')
    ? configuredServers().find((other) => other.id === id)
    : fromStored(await requireServer(id))
  if (!server) throw notFound('The server')
  return { ...server, id }
}
