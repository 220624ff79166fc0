import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv'
import type { Result } from '#lib/mcp-client/calls/results.ts'
import { runForMs } from '#lib/mcp-client/calls/run-for-ms.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

type Validate = ReturnType<AjvJsonSchemaValidator['getValidator']>

// The server says both the schema and what is checked against it: some pairs take for ever, and nobody else is served meanwhile.
const CHECK_MS = 100

const compiled = new WeakMap<object, Validate | null>()

/**
 * The result with a note for the model where its structured content is not what the tool's schema says. The call was made, so that
 * this is no failure of it; a schema that cannot be read, or not be checked within a tenth of a second, checks nothing.
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
    // It would take as long each time.
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
