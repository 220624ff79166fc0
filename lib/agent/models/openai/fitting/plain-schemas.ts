import type { SentTool } from '#lib/agent/models/openai/fitting/sent-tools.ts'
import { isObject } from '#lib/agent/models/openai/repair/call-arguments.ts'

type Schema = Record<string, unknown>

/**
 * The request with schemas that every server can compile: types, descriptions, properties, items
 * and choices. Patterns, formats, bounds and all other keywords are left out, so the model is free
 * to write what they forbid; the tool server still checks it. The same text if nothing changes.
 */
export function toPlainSchemas(body: string): string {
  const request = JSON.parse(body) as { tools?: SentTool[] }
  if (!request.tools) return body
  const plain = JSON.stringify({ ...request, tools: request.tools.map(toPlainTool) })
  return plain === JSON.stringify(request) ? body : plain
}

function toPlainTool(tool: SentTool): unknown {
  if (isObject(tool.function)) return { ...tool, function: withPlainParameters(tool.function) }
  return withPlainParameters(tool as Schema)
}

function withPlainParameters(definition: Schema): Schema {
  if (!isObject(definition.parameters)) return definition
  // Strict mode demands keywords that are left out here.
  return { ...definition, parameters: toPlain(definition.parameters), ...('strict' in definition && { strict: false }) }
}

function toPlain(given: unknown): Schema {
  if (!isObject(given)) return {}
  const { type, description, properties, required, items, enum: values, anyOf, oneOf } = given
  const choices = [anyOf, oneOf].find(Array.isArray) as unknown[] | undefined
  return {
    // Ollama takes one type, no list of them.
    ...(type !== undefined && { type: [type].flat().find((one) => one !== 'null') ?? type }),
    ...(typeof description === 'string' && { description }),
    ...(isObject(properties) && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, toPlain(value)])),
    }),
    ...(Array.isArray(required) && required.length > 0 && { required }),
    ...(isObject(items) && { items: toPlain(items) }),
    ...(Array.isArray(values) && values.every((value) => typeof value === 'string') && { enum: values }),
    ...(choices && { anyOf: choices.map(toPlain) }),
  }
}
