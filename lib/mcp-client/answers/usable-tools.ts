import { specTypeSchemas } from '@modelcontextprotocol/client'
import { withObjectType } from '#lib/mcp-client/answers/object-type.ts'
import { isFields } from '#lib/mcp-client/answers/read-result.ts'
import { isDeeper } from '#lib/platform/json/is-deeper.ts'
import { toStorable, toStorableText } from '#lib/platform/json/to-storable.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** A tool of a server's list that is not offered, and why, for the server's operator. */
export type LeftOut = { name: string; why: string; fault?: 'endless_list' }

const TOOLS_MAX = 500
const DEFINITION_MAX_CHARS = 100_000
const DEFINITION_MAX_DEPTH = 100
const NAME_MAX_CHARS = 100

/**
 * The usable tools of a listing, at most 500. A tool is left out on its own if its definition
 * violates MCP, is longer than 100,000 characters or deeper than 100 levels, if its name has
 * characters that are not text, or if it runs only as a task and its server runs none (without
 * `runsTasks`). Arguments without a type become an object, and characters that cannot be stored
 * become U+FFFD. Of two tools with the same name, the first is kept.
 */
export function chooseUsableTools<Tool = unknown>(
  listed: Tool[],
  { runsTasks = true } = {},
): { tools: Tool[]; leftOut: LeftOut[] } {
  const byName = new Map<string, Tool>()
  const leftOut: LeftOut[] = []
  for (const [index, given] of listed.entries()) {
    const tool = withObjectType(given)
    const name = nameOf(tool) ?? `tool ${index + 1}`
    const why =
      byName.size === TOOLS_MAX
        ? `more than ${TOOLS_MAX} tools`
        : (faultOf(tool, runsTasks) ?? (byName.has(name) ? 'its name comes twice' : undefined))
    if (why) leftOut.push({ name: cutText(name, NAME_MAX_CHARS), why })
    else byName.set(name, toStorable(tool))
  }
  return { tools: [...byName.values()], leftOut }
}

function nameOf(tool: unknown): string | undefined {
  return isFields(tool) && typeof tool.name === 'string' ? tool.name : undefined
}

function faultOf(tool: unknown, runsTasks: boolean): string | undefined {
  if (isDeeper(tool, DEFINITION_MAX_DEPTH)) return `its definition is deeper than ${DEFINITION_MAX_DEPTH} levels`
  if (JSON.stringify(tool).length > DEFINITION_MAX_CHARS)
    return `its definition is longer than ${DEFINITION_MAX_CHARS} characters`
  const name = nameOf(tool)
  if (name !== undefined && toStorableText(name) !== name) return 'its name has characters that are no text'
  const judged = specTypeSchemas.Tool['~standard'].validate(tool)
  // MCP's schemas validate synchronously.
  if (judged instanceof Promise) return undefined
  const [issue] = judged.issues ?? []
  if (issue) return cutText(`${issue.path?.map(String).join('.') || 'it'}: ${issue.message}`, 200)
  const { execution } = tool as { execution?: { taskSupport?: unknown } }
  return execution?.taskSupport === 'required' && !runsTasks
    ? 'it runs only as a task, which its server does not offer'
    : undefined
}
