import type { Audience, ServerConfig, ServerSecrets } from '#lib/data/servers/server-config.ts'
import { listServers, type StoredServer } from '#lib/data/servers/servers.ts'
import { readServersFile } from '#lib/mcp-client/servers/servers-file.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'

/**
 * An MCP server as the agent knows it. `name` is short and stable: the ledger and the prefix of
 * tool names contain it.
 */
export type McpServer = {
  name: string
  url: string
  builtin: boolean
  /** Identifies the server's accounts and tools in the database. Without an id it has neither. */
  id?: string
  /** How to talk to the server. Default: Streamable HTTP, no identity, all tools. */
  config?: ServerConfig
  /** Null if they can no longer be decrypted. Nothing is sent then. */
  secrets?: ServerSecrets | null
  /**
   * An admin entered the address, so it must be on the public internet unless MCP_ALLOW_PRIVATE
   * allows others.
   */
  fromAdmin?: boolean
  audience?: Audience
}

/** The name of our own server. */
const BUILTIN_NAME = 'switchboard'

/**
 * The servers of the settings: our own (MCP_BUILTIN) and the operator's (MCP_SERVER_URL,
 * MCP_SERVERS_FILE). Throws SettingsError for an invalid file.
 */
export function readConfiguredServers(): McpServer[] {
  const { APP_URL, MCP_BUILTIN, MCP_SERVER_URL } = env()
  const servers: McpServer[] = []
  if (MCP_BUILTIN === 'on') servers.push({ name: BUILTIN_NAME, url: `${APP_URL}/mcp`, builtin: true })
  if (MCP_SERVER_URL) servers.push({ name: nameOf(MCP_SERVER_URL), url: MCP_SERVER_URL, builtin: false })
  for (const { name, url, audience, clientSecret, ...config } of readServersFile())
    servers.push({
      name,
      url,
      builtin: false,
      id: `settings:${name}`,
      audience,
      config,
      secrets: { headers: {}, clientSecret },
    })
  return servers
}

/**
 * Every server that may be used: those of the settings, and those that admins added and enabled. If
 * two have the same name, the first is kept.
 */
export async function listAllServers(): Promise<McpServer[]> {
  const added = (await listServers()).filter(({ enabled }) => enabled).map(toMcpServer)
  const servers = [...readConfiguredServers(), ...added]
  return servers.filter(({ name }, index) => {
    const first = servers.findIndex((other) => other.name === name) === index
    if (!first) log.warn({ server: name }, 'two MCP servers have one name: the second is left out')
    return first
  })
}

/** The servers that a person of this role may use. */
export async function listServersFor(role: 'admin' | 'member'): Promise<McpServer[]> {
  return (await listAllServers()).filter(({ audience }) => audience !== 'admins' || role === 'admin')
}

/** Converts a server of the database to the form that the client uses. */
export function toMcpServer({ id, name, url, audience, config, secrets }: StoredServer): McpServer {
  return { id, name, url, builtin: false, audience, config, secrets, fromAdmin: true }
}

/**
 * True if tools that do not say whether they are destructive need an approval. By the
 * specification, such a tool may be destructive.
 */
export function needsApprovalIfUnannotated({ builtin, config }: McpServer): boolean {
  return !builtin && (config?.asksUnannotated ?? !config?.trusted)
}

/** Which addresses a server's requests may reach. */
export function findReach({ fromAdmin }: McpServer): 'anywhere' | 'public' {
  return fromAdmin && env().MCP_ALLOW_PRIVATE === 'off' ? 'public' : 'anywhere'
}

function nameOf(url: string): string {
  return new URL(url).host.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 40)
}
