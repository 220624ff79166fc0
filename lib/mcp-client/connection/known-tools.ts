import { listToolPins } from '#lib/data/servers/tool-pins.ts'
import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import type { McpServer } from '#lib/mcp-client/servers/servers.ts'
import { findRememberedTools } from '#lib/mcp-client/tools/tool-lists.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { newId } from '#lib/platform/ids.ts'

const WAIT_MS = 1_500

/**
 * The names of the tools of each of these servers, denied and quarantined ones too. A server that does not tell within 1.5 s is not
 * in the map: nobody knows then what it has.
 */
export async function listKnownTools(
  caller: Caller,
  servers: McpServer[],
  { builtinFetch }: { builtinFetch?: typeof fetch } = {},
): Promise<Map<string, Set<string>>> {
  // No run is begun: nothing is called.
  const nothing = { id: newId('run'), threadId: newId('thr'), userId: caller.userId, callIdOf: () => undefined }
  const mcp = await openMcp(nothing, { servers, builtinFetch, signal: AbortSignal.timeout(WAIT_MS) })
  await mcp.close()
  const known = await Promise.all(
    mcp.connections.map(async ({ server }): Promise<[string, Set<string>]> => {
      const listed = findRememberedTools(server, caller.userId, { stale: true }) ?? []
      const pins = server.id === undefined ? [] : await listToolPins(server.id)
      return [server.name, new Set([...listed.map(({ name }) => name), ...pins.map(({ tool }) => tool)])]
    }),
  )
  return new Map(known)
}
