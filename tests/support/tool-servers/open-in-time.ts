import { expect, vi } from 'vitest'
import type { CallingRun } from '#lib/mcp-client/calls/calling-run.ts'
import { type OpenMcp, openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { LISTS_ONLY } from '#lib/mcp-client/questions/asking.ts'
import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { callingRun } from '#tests/support/tool-servers/tool-servers.ts'

/**
 * Opens the servers (those of the settings by default) and waits for all of them: a turn goes on
 * without a late one. A caller that only wants this wait closes the result at once, and the tool
 * lists stay known, as lists of a client that asks, which a chat is, unless `run` says otherwise.
 */
export function openInTime(
  caller: { userId: string },
  servers?: McpServer[],
  run: Partial<CallingRun> = { asking: LISTS_ONLY },
): Promise<OpenMcp> {
  const open = async () => {
    const mcp = await openMcp({ ...(await callingRun(caller)), ...run }, { servers })
    if (mcp.unavailable.length > 0) await mcp.close()
    expect(mcp.unavailable).toEqual([])
    return mcp
  }
  return vi.waitFor(open, { timeout: 30_000, interval: 50 })
}
