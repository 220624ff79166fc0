import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv'
import type { Result } from '#lib/mcp-client/calls/results.ts'
import { runForMs } from '#lib/mcp-client/calls/run-for-ms.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

type Validate = ReturnType<AjvJsonSchemaValidator['getValidator']>

// The server supplies both the schema and the value. Some pairs take for ever to check, and would
// block everyone else.
const CHECK_MS = 100

const compiled = new WeakMap<object, Validate | null>()

/**
 * Adds a note for the model if the result's structured content does not match the tool's output
 * schema. The call was made, so this is no failure. A schema that cannot be read, or takes longer
 * than 100 ms to check, is ignored.
 */
export function checkOutput(result: Result, listed: McpTool | undefined): Result {
  const { structuredContent, isError } = result
  const schema = isError ? undefined : listed?.outputSchema
  const validate = schema && validatorOf(schema)
  if (!validate) return result
  const why = structuredContent === undefined ? 'it is missing' : faultOf(schema, validate, structuredContent)
  if (!why) return result
  const note = `[The structured content of this answer does not fit the schema of the tool: ${cutText(why, 300)}]`
  return { ...result, content: [...result.content, { type: 'text', text: note }] }
}

function faultOf(schema: object, validate: Validate, value: unknown): string | undefined {
  try {
    const judged = runForMs(CHECK_MS, () => validate(value))
    return judged.valid ? undefined : judged.errorMessage
  } catch {
    // It would take this long every time.
    compiled.set(schema, null)
    return undefined
  }
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
    return runForMs(CHECK_MS, () => new AjvJsonSchemaValidator().getValidator(schema as never))
  } catch {
    return null
  }
}
