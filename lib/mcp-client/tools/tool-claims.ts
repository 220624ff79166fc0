import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/**
 * True if what a server says about its tools is vouched for: the server is ours or trusted, an admin
 * accepts each definition, or it is the operator's own MCP_SERVER_URL, which has no pins.
 */
function areClaimsAccepted({ builtin, config }: McpServer): boolean {
  return builtin || config === undefined || config.pinned || config.trusted
}

/**
 * True if a tool may deal with things and people outside its server, so that its results may hold
 * what anyone wrote, and its arguments may reach anyone. By the specification every tool may,
 * unless it says otherwise.
 */
export function isOpenWorld(server: McpServer, tool: McpTool | undefined): boolean {
  return !(tool?.annotations?.openWorldHint === false && areClaimsAccepted(server))
}

/** True if a tool says that it changes nothing, and that is vouched for. */
export function claimsToRead(server: McpServer, tool: McpTool): boolean {
  return tool.annotations?.readOnlyHint === true && areClaimsAccepted(server)
}
