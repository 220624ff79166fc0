import type { ToolChoice } from '#lib/data/assistants/assistant-config.ts'
import { mayOffer } from '#lib/mcp-client/tools/may-offer.ts'

/** True if an assistant may use this tool, by the server's name and the tool's name there. */
export function mayUseTool(choice: ToolChoice, server: string, tool: string): boolean {
  if (choice.kind !== 'chosen') return choice.kind === 'all'
  const chosen = choice.servers.find((one) => one.server === server)
  return chosen !== undefined && mayOffer(tool, { allow: chosen.tools })
}

/** True if an assistant may use any tool of this server. */
export function mayUseServer(choice: ToolChoice, server: string): boolean {
  return choice.kind === 'chosen' ? choice.servers.some((one) => one.server === server) : choice.kind === 'all'
}
