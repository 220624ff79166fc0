import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv'
import { cutText } from '#lib/cut-text.ts'
import type { Result } from '#lib/mcp-client/results.ts'
import type { McpTool } from '#lib/mcp-client/tool-lists.ts'

type Validate = ReturnType<AjvJsonSchemaValidator['getValidator']>

const compiled = new WeakMap<object, Validate | null>()

/**
 * The result with a note for the model where its structured content is not what the tool's schema says. The call was made, so that
 * this is no failure of it; a schema that cannot be read checks nothing.
 */
export function checkOutput(result: Result, listed: McpTool | undefined): Result {
  const { structuredContent, isError } = result
  const validate = listed?.outputSchema && !isError ? validatorOf(listed.outputSchema) : null
  if (!validate) return result
  const why = structuredContent === undefined ? 'it is missing' : faultOf(validate, structuredContent)
  if (!why) return result
  const note = `[The structured content of this answer does not fit the schema of the tool: ${cutText(why, 300)}]`
  return { ...result, content: [...result.content, { type: 'text', text: note }] }
}

function faultOf(validate: Validate, value: unknown): string | undefined {
  const judged = validate(value)
  return judged.valid ? undefined : judged.errorMessage
}

function validatorOf(schema: object): Validate | null {
  let validate = compiled.get(schema)
  if (validate === undefined) {
    validate = compile(schema)
    compiled.set(schema, validate)
  }
  return validate
}

function compile(schema: object): Validate | null {
  try {
    return new AjvJsonSchemaValidator().getValidator(schema as never)
  } catch {
    return null
  }
}
