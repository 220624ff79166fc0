import type { AgentInputItem, Model, ModelRequest } from '@openai/agents'
import type { Capabilities } from '#lib/data/models/model-facts.ts'

type Part = { type: string; filename?: string; text?: string }

/**
 * Wraps a model so that it gets no pictures or files that it cannot take: a note stands in their
 * place, wherever they come from. Nor does it get tools that it cannot call: a fallback is asked with
 * what was prepared for another model. The same model if it takes everything.
 */
export function withoutUntakenParts(inner: Model, { tools, pictures, files }: Capabilities): Model {
  if (tools && pictures && files) return inner
  const replace = (part: Part): Part => {
    if (!pictures && (part.type === 'input_image' || part.type === 'image')) return note('A picture')
    if (!files && (part.type === 'input_file' || part.type === 'file'))
      return note(part.filename ? `The file ${JSON.stringify(part.filename)}` : 'A file')
    return part
  }
  const fitRequest = ({ input, ...request }: ModelRequest): ModelRequest => ({
    ...request,
    ...(!tools && { tools: [], handoffs: [] }),
    input: typeof input === 'string' ? input : input.map((item) => fitItem(item, replace)),
  })
  return {
    getResponse: (request) => inner.getResponse(fitRequest(request)),
    getStreamedResponse: (request) => inner.getStreamedResponse(fitRequest(request)),
  }
}

function fitItem(item: AgentInputItem, replace: (part: Part) => Part): AgentInputItem {
  const fields = item as { type?: string; role?: string; content?: unknown; output?: unknown }
  if (fields.role === 'user' && Array.isArray(fields.content))
    return { ...item, content: fields.content.map(replace) } as AgentInputItem
  if (fields.type !== 'function_call_result' || typeof fields.output !== 'object' || fields.output === null) return item
  const output = Array.isArray(fields.output) ? fields.output.map(replace) : replace(fields.output as Part)
  return { ...item, output } as AgentInputItem
}

function note(what: string): Part {
  return { type: 'input_text', text: `[${what} is left out: this model cannot take it.]` }
}
