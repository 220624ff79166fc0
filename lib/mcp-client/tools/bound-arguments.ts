import type { McpServer } from '#lib/mcp-client/servers/mcp-servers.ts'
import { resolveTemplate, type TemplateFacts } from '#lib/mcp-client/servers/templates.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

type Schema = { properties?: Record<string, { type?: unknown }>; required?: string[] }

/** The tool as a model sees it, without the parameters that the session fills in. */
export function hideBoundParameters<Tool extends Pick<McpTool, 'inputSchema'>>(
  tool: Tool,
  { config }: McpServer,
): Tool {
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

/** Arguments as they are sent, and the names of those that the session filled in. */
export type Filled = { args: Record<string, unknown>; filledIn: string[] }

/** Removes the model's values for parameters that the session fills in. */
export function removeBoundArguments(args: Record<string, unknown>, { config }: McpServer): Record<string, unknown> {
  const bound = new Set(config?.bound.map(({ parameter }) => parameter))
  return bound.size === 0 ? args : Object.fromEntries(Object.entries(args).filter(([name]) => !bound.has(name)))
}

/**
 * The parameters of a tool that the session fills in. A tool with an unknown schema is assumed to
 * have all of them.
 */
export function listBoundParameters(schema: unknown, { config }: McpServer) {
  const { properties } = (schema ?? {}) as Schema
  return (config?.bound ?? []).filter(({ parameter }) => !schema || Object.hasOwn(properties ?? {}, parameter))
}

/**
 * Fills in a call's arguments: values from the session replace those from the model. A tool whose
 * known schema lacks the parameter gets no value, not even the model's. Throws UnresolvedTemplate.
 */
export function fillBoundArguments(
  args: Record<string, unknown>,
  schema: unknown,
  server: McpServer,
  facts: TemplateFacts,
): Filled {
  const { properties } = (schema ?? {}) as Schema
  const wanted = listBoundParameters(schema, server)
  const filled = wanted.map(({ parameter, value }) => [
    parameter,
    toTyped(resolveTemplate(value, facts), properties?.[parameter]?.type),
  ])
  return {
    args: { ...removeBoundArguments(args, server), ...Object.fromEntries(filled) },
    filledIn: wanted.map(({ parameter }) => parameter),
  }
}

function toTyped(value: string, type: unknown): string | number {
  const numeric = type === 'integer' || type === 'number'
  return numeric && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value
}
