import { listToolPins } from '#lib/data/servers/tool-pins.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { LISTS_ONLY } from '#lib/mcp-client/questions/asking.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { findRememberedTools } from '#lib/mcp-client/tools/tool-lists.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { newId } from '#lib/platform/ids.ts'

const WAIT_MS = 1_500

/**
 * The names of each server's tools, including denied and quarantined ones. A server that has no
 * known list and does not answer in time (at most 1.5 s) is not in the map: its tools are unknown.
 */
export async function listKnownTools(
  caller: Caller,
  servers: McpServer[],
  { builtinFetch }: { builtinFetch?: typeof fetch } = {},
): Promise<Map<string, Set<string>>> {
  // Only opens connections: no run is stored and nothing is called.
  const nothing = { id: newId('run'), threadId: newId('thr'), userId: caller.userId, asking: LISTS_ONLY }
  const mcp = await openMcp(nothing, { servers, builtinFetch, signal: AbortSignal.timeout(WAIT_MS) })
  await mcp.close()
  const known = await Promise.all(
    mcp.connections.map(async ({ server, asks }): Promise<[string, Set<string>]> => {
      const listed = findRememberedTools(server, caller.userId, { stale: true, asks }) ?? []
      const pins = server.id === undefined ? [] : await listToolPins(server.id)
      return [server.name, new Set([...listed.map(({ name }) => name), ...pins.map(({ tool }) => tool)])]
    }),
  )
  return new Map(known)
}
