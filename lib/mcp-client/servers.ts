import { env } from '#lib/env.ts'

/** An MCP server as the agent knows it. `name` is short and stable: the ledger and the prefix of tool names carry it. */
export type McpServer = { name: string; url: string; builtin: boolean }

/** The name of our own server. */
export const BUILTIN_NAME = 'switchboard'

/** The servers of the settings: our own (MCP_BUILTIN) and the operator's (MCP_SERVER_URL). */
export function configuredServers(): McpServer[] {
  const { APP_URL, MCP_BUILTIN, MCP_SERVER_URL } = env()
  const servers: McpServer[] = []
  if (MCP_BUILTIN === 'on') servers.push({ name: BUILTIN_NAME, url: `${APP_URL}/mcp`, builtin: true })
  if (MCP_SERVER_URL) servers.push({ name: nameOf(MCP_SERVER_URL), url: MCP_SERVER_URL, builtin: false })
  return servers
}

function nameOf(url: string): string {
  return new URL(url).host.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 40)
}
