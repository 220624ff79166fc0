import type { ModelServerError } from '#lib/agent/models/openai/failures/server-error.ts'

/** A tool as it is in a request, in either API. */
type SentTool = { name?: unknown; function?: { name?: unknown } }

const nameOf = (tool: SentTool | undefined): string | undefined => {
  const name = tool?.function?.name ?? tool?.name
  return typeof name === 'string' ? name : undefined
}

// Gemini puts all declarations into one tool. FastAPI's servers write a path, pydantic's a list of
// its steps.
const PLACES = [/function_declarations?\[(\d+)\]/, /functions\[(\d+)\]/, /tools(?:[[.]|['"], | -> )(\d+)/]

/**
 * The name of the tool that a refusal is about. It is found by its place (`tools[3]`, Anthropic's
 * `tools.3`, Gemini's `function_declarations[3]`), or by its name as in "Invalid schema for
 * function 'x'". Undefined if no tool of the request is named.
 */
export function findRefusedTool({ failureClass, detail }: ModelServerError, body: string): string | undefined {
  if (failureClass !== 'model_schema_refused') return undefined
  const tools = sentTools(body)
  for (const text of [detail.param, detail.message]) {
    const index = PLACES.map((place) => place.exec(text ?? '')?.[1]).find(Boolean)
    const named = /(?:function|tool) ['"`“]([\w-]{1,64})['"`”]/i.exec(text ?? '')?.[1]
    const found =
      (index === undefined ? undefined : nameOf(tools[Number(index)])) ??
      tools.map(nameOf).find((name) => name === named)
    if (found !== undefined) return found
  }
  return undefined
}

/** The request without these tools; the same text if it has none of them. */
export function withoutTools(body: string, names: ReadonlySet<string>): string {
  if (names.size === 0) return body
  const request = JSON.parse(body) as { tools?: SentTool[]; [field: string]: unknown }
  if (!request.tools?.some((tool) => names.has(nameOf(tool) ?? ''))) return body
  const tools = request.tools.filter((tool) => !names.has(nameOf(tool) ?? ''))
  const { tools: _, tool_choice, parallel_tool_calls, ...rest } = request
  // Servers also refuse a tool choice without tools.
  return JSON.stringify(tools.length > 0 ? { ...rest, tool_choice, parallel_tool_calls, tools } : rest)
}

function sentTools(body: string): SentTool[] {
  const { tools } = JSON.parse(body) as { tools?: SentTool[] }
  return tools ?? []
}
