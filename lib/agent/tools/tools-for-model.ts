import { findOffered } from '#lib/agent/tools/agent-tools.ts'
import { limitTools } from '#lib/agent/tools/limit-tools.ts'
import type { Notice } from '#lib/chatkit/protocol/events.ts'
import type { FailureDetail } from '#lib/data/runs/run-failures.ts'
import { listRecentTools } from '#lib/data/servers/recent-tools.ts'
import { hashDefinition, type ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import { noteToolRefusal } from '#lib/data/servers/tool-refusals.ts'
import type { ToolConnection } from '#lib/mcp-client/connection/tool-connection.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'

/** `needed` are the tools that a turn must have, `said` is the person's message. */
type About = { connections: ToolConnection[]; needed: readonly { name: string }[]; said: string }

/**
 * The tools of a turn, at most MODEL_MAX_TOOLS, and a notice for the person if some are left out.
 */
export async function chooseToolsForModel<Tool extends { name: string }>(
  caller: Caller,
  tools: Tool[],
  { connections, needed, said }: About,
): Promise<{ offered: Tool[]; notice?: Notice }> {
  const max = env().MODEL_MAX_TOOLS
  if (tools.length <= max) return { offered: tools }
  const { offered, left } = limitTools(tools, max, {
    connections,
    needed: new Set(needed.map(({ name }) => name)),
    said,
    recent: await listRecentTools(caller),
  })
  const where = [...left].map(([server, count]) => `${count} of ${server}`).join(', ')
  log.info({ tools: tools.length, left_out: Object.fromEntries(left) }, 'more tools than the model takes')
  const message = `The model takes ${max} tools at once, and there are ${tools.length}. Left out this time: ${where}. Name a tool in your message to have it among them.`
  return { offered, notice: { type: 'notice', level: 'info', title: 'Not every tool is offered', message } }
}

/**
 * Records that a model's server refused a tool, so that later turns leave it out, and returns the
 * notice for the person. Never throws.
 */
export function refuseTool(connections: ToolConnection[], model: string, name: string, detail: FailureDetail): Notice {
  const offered = findOffered(connections, name)
  const reason = detail.message ?? 'The model’s server did not say why.'
  const server = offered?.connection.server.name ?? ''
  log.warn(
    { server, tool: offered?.tool.name ?? name, model, reason },
    'a tool was refused by the model’s server and is left out',
  )
  if (offered) {
    const { tool } = offered
    noteToolRefusal({ server, tool: tool.name, model, toolHash: hashDefinition(tool as ToolDefinition), reason }).catch(
      (error) => log.warn({ error, server, tool: tool.name }, 'a refused tool was not noted'),
    )
  }
  return {
    type: 'notice',
    level: 'warning',
    title: `The tool ${name} is left out`,
    message: 'The model does not accept its definition. An administrator finds the reason on the page of its server.',
  }
}
