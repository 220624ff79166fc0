import type { ModelServerError } from '#lib/agent/models/openai/failures/server-error.ts'
import { readSentTools, toToolName } from '#lib/agent/models/openai/fitting/sent-tools.ts'

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
  const tools = readSentTools(body)
  for (const text of [detail.param, detail.message]) {
    const index = PLACES.map((place) => place.exec(text ?? '')?.[1]).find(Boolean)
    const named = /(?:function|tool) ['"`“]([\w-]{1,64})['"`”]/i.exec(text ?? '')?.[1]
    const found =
      (index === undefined ? undefined : toToolName(tools[Number(index)])) ??
      tools.map(toToolName).find((name) => name === named)
    if (found !== undefined) return found
  }
  return undefined
}
