import { requireServer } from '#lib/data/servers/servers.ts'
import { configuredServers, fromStored, type McpServer } from '#lib/mcp-client/servers/servers.ts'
import { notFound } from '#lib/platform/errors.ts'

/** The server of this id for an admin's page, whether it is enabled or not: one of the settings, or one that was added. Throws not_found. */
export async function requireAdminServer(id: string): Promise<McpServer & { id: string }> {
  const server = id.startsWith('settings:')
    ? configuredServers().find((other) => other.id === id)
    : fromStored(await requireServer(id))
  if (!server) throw notFound('The server')
  return { ...server, id }
}
