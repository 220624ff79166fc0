/** A tool as it is in a request, in either API. */
export type SentTool = { name?: unknown; function?: { name?: unknown } }

/** The name of a tool, by which the model calls it. */
export function toToolName(tool: SentTool | undefined): string | undefined {
  const name = tool?.function?.name ?? tool?.name
  return typeof name === 'string' ? name : undefined
}

/** The tools of a request's body (JSON). */
export function readSentTools(body: string): SentTool[] {
  const { tools } = JSON.parse(body) as { tools?: SentTool[] }
  return tools ?? []
}

/** The names of the tools of a request's body (JSON). */
export function readToolNames(body: string): string[] {
  return readSentTools(body).flatMap((tool) => toToolName(tool) ?? [])
}

/** The request with only the tools that fit; the same text if all do. */
export function keepTools(body: string, fits: (name: string) => boolean): string {
  const request = JSON.parse(body) as { tools?: SentTool[]; [field: string]: unknown }
  if (!request.tools) return body
  const tools = request.tools.filter((tool) => fits(toToolName(tool) ?? ''))
  if (tools.length === request.tools.length) return body
  const { tools: _, tool_choice, parallel_tool_calls, ...rest } = request
  // Servers also refuse a tool choice without tools.
  return JSON.stringify(tools.length > 0 ? { ...rest, tool_choice, parallel_tool_calls, tools } : rest)
}
