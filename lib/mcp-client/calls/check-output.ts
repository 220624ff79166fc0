import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv'
import type { Result } from '#lib/mcp-client/calls/results.ts'
import { runForMs } from '#lib/mcp-client/calls/run-for-ms.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

type Validate = ReturnType<AjvJsonSchemaValidator['getValidator']>

// The server supplies both the schema and the value. Some pairs take for ever to check, and would
// block everyone else.
const CHECK_MS = 100
/** How long (ms) a schema rests after it took too long: twice as long each time, an hour at most. */
const REST_MS = 60_000
const LONGEST_REST_MS = 3_600_000

/** What is known of a schema. `validate` is null if nobody can read it. */
type Known = { validate?: Validate | null; misses: number; restsUntil: number }

const seen = new WeakMap<object, Known>()

/**
 * Adds a note for the model if the result's structured content does not match the tool's output
 * schema. The call was made, so this is no failure. A schema that cannot be read is ignored. One
 * that takes longer than 100 ms rests for a while: the machine may have been busy.
 */
export function checkOutput(result: Result, listed: McpTool | undefined): Result {
  const { structuredContent, isError } = result
  const schema = isError ? undefined : listed?.outputSchema
  const why = schema && findFault(schema, structuredContent)
  if (!why) return result
  const note = `[The structured content of this answer does not fit the schema of the tool: ${cutText(why, 300)}]`
  return { ...result, content: [...result.content, { type: 'text', text: note }] }
}

function findFault(schema: object, value: unknown): string | undefined {
  const known = seen.get(schema) ?? { misses: 0, restsUntil: 0 }
  seen.set(schema, known)
  if (known.restsUntil > Date.now()) return undefined
  const judged = withinTime(known, () => {
    known.validate ??= known.validate === null ? null : compile(schema)
    return known.validate && value !== undefined ? known.validate(value) : undefined
  })
  if (!known.validate || judged?.valid) return undefined
  return value === undefined ? 'it is missing' : judged?.errorMessage
}

/** Runs a check. One that takes too long has no outcome, and its schema rests. */
function withinTime<T>(known: Known, check: () => T): T | undefined {
  try {
    const outcome = runForMs(CHECK_MS, check)
    known.misses = 0
    return outcome
  } catch {
    known.restsUntil = Date.now() + Math.min(REST_MS * 2 ** known.misses, LONGEST_REST_MS)
    known.misses += 1
    return undefined
  }
}

function compile(schema: object): Validate | null {
  try {
    return new AjvJsonSchemaValidator().getValidator(schema as never)
  } catch {
    return null
  }
}
