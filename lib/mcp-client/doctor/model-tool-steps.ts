import type { ToolDefinition } from '#lib/data/servers/tool-pins.ts'
import type { Examination } from '#lib/mcp-client/doctor/examination.ts'
import { toModelTool } from '#lib/mcp-client/tools/model-tool.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

const SAID_MAX_CHARS = 1_000
const FIX =
  'These tools are offered to no model. A tool’s schema has to describe one object, with every reference pointing into the schema itself; have the server’s maker put it right.'

/**
 * Names the tools that cannot be offered to a model, in a separate step. Adds no step if all can
 * be.
 */
export async function runModelToolsStep(step: Examination['step'], tools: ToolDefinition[]): Promise<void> {
  const unfit = tools.flatMap((tool) => {
    const { problem } = toModelTool(tool as McpTool)
    return problem === undefined ? [] : [`${tool.name}: ${problem}`]
  })
  if (unfit.length === 0) return
  await step('Tools for a model', async () => ({
    said: `Left out: ${unfit.join(' ')}`.slice(0, SAID_MAX_CHARS),
    warn: { fault: 'unfit_tools', fix: FIX },
  }))
}
