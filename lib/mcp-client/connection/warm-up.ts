import { toMcpFailure } from '#lib/mcp-client/failures/mcp-failure.ts'
import { noteAnswer, noteFailure } from '#lib/mcp-client/servers/health.ts'
import { findReach, listAllServers, type McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { networkFetch } from '#lib/mcp-client/wire/network-fetch.ts'
import { log } from '#lib/platform/log.ts'

const DEADLINE_MS = 5_000

/**
 * Contacts every server once at startup, with no identity, so that the first turn knows which ones
 * are worth waiting for. Never throws.
 */
export async function warmUpServers(): Promise<void> {
  try {
    await Promise.all((await listAllServers()).filter(({ builtin }) => !builtin).map(knockAtServer))
  } catch (error) {
    log.warn({ error }, 'the MCP servers are not known yet')
  }
}

async function knockAtServer(server: McpServer): Promise<void> {
  try {
    const response = await networkFetch(findReach(server))(server.url, {
      method: 'OPTIONS',
      signal: AbortSignal.timeout(DEADLINE_MS),
    })
    // Any answer will do: its content depends on the identity, which is missing here.
    noteAnswer(server.url)
    await response.body?.cancel()
  } catch (error) {
    const { failureClass, sentence } = toMcpFailure(error, 'connect')
    log.info({ server: server.name, failure_class: failureClass }, 'an MCP server did not answer at the start')
    const silent = failureClass === 'cancelled' || failureClass === 'connect_timeout'
    const last = { failureClass: silent ? ('connect_timeout' as const) : failureClass, sentence }
    noteFailure(server.url, { silent, last })
  }
}
