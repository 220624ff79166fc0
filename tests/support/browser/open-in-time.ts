import { expect, vi } from 'vitest'
import { type OpenMcp, openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { callingRun } from '#tests/support/tool-servers/tool-servers.ts'

/**
 * The servers (those of the settings unless given) as a turn has them on a machine that has time: a turn goes on without one that is
 * late. Whoever only waits for that closes it at once: the lists stay known.
 */
export function openInTime(caller: { userId: string }, servers?: McpServer[]): Promise<OpenMcp> {
  const open = async () => {
    const mcp = await openMcp(await callingRun(caller), { servers })
    if (mcp.unavailable.length > 0) await mcp.close()
    expect(mcp.unavailable).toEqual([])
    return mcp
  }
  return vi.waitFor(open, { timeout: 30_000, interval: 50 })
}
