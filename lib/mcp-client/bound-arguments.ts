import type { McpServer } from '#lib/mcp-client/servers.ts'
import { resolveTemplate, type TemplateFacts } from '#lib/mcp-client/templates.ts'
import type { McpTool } from '#lib/mcp-client/tool-lists.ts'

type Schema = { properties?: Record<string, { type?: unknown }>; required?: string[] }

/** The tool as a model sees it: without the parameters that the session fills in. */
export function withoutBound<Tool extends Pick<McpTool, 'inputSchema'>>(tool: Tool, { config }: McpServer): Tool {
  const bound = new Set(config?.bound.map(({ parameter }) => parameter))
  const { properties, required } = tool.inputSchema as Schema
  if (bound.size === 0 || !properties) return tool
  const inputSchema = {
    ...tool.inputSchema,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !bound.has(name))),
    required: (required ?? []).filter((name) => !bound.has(name)),
  }
  return { ...tool, inputSchema }
}

/**
 * The arguments of a call with what the session says in the place of what the model said. A tool whose schema is known and lacks
 * the parameter gets none, not even the model's. Throws UnresolvedTemplate.
 */
export function withBound(
  args: Record<string, unknown>,
  schema: unknown,
  { config }: McpServer,
  facts: () => TemplateFacts,
): Record<string, unknown> {
  const filled = { ...args }
  const { properties } = (schema ?? {}) as Schema
  for (const { parameter, value } of config?.bound ?? []) {
    delete filled[parameter]
    if (schema && !Object.hasOwn(properties ?? {}, parameter)) continue
    filled[parameter] = typed(resolveTemplate(value, facts()), properties?.[parameter]?.type)
  }
  return filled
}

function typed(value: string, type: unknown): string | number {
  const numeric = type === 'integer' || type === 'number'
  return numeric && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value
}
