import type { Client } from '@modelcontextprotocol/client'
import { Refusal } from '#lib/mcp-client/refusal.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

const NO_TASKS = 'This tool runs only as a task, and its server does not offer tasks.'
const NOT_HERE = 'This tool runs only as a task. Ask for it in a conversation, where its result can arrive later.'

/**
 * True if a call asks its server for a task (2025-11-25). A tool that may run as one does: a result
 * that comes within seconds is used at once, and one that takes longer survives what may happen to
 * the connection. Since 2026-07-28 the server decides. `canWait` is false where nobody waits for a
 * later result. Throws Refusal if the tool runs only as a task and cannot.
 */
export function runsAsTask(client: Client, tool: McpTool | undefined, canWait: boolean): boolean {
  const { execution } = (tool ?? {}) as { execution?: { taskSupport?: unknown } }
  const support = execution?.taskSupport
  if (client.getProtocolEra() === 'modern' || (support !== 'required' && support !== 'optional')) return false
  const isOffered = client.getServerCapabilities()?.tasks?.requests?.tools?.call !== undefined
  if (isOffered && canWait) return true
  if (support === 'optional') return false
  throw new Refusal('denied', isOffered ? NOT_HERE : NO_TASKS)
}
