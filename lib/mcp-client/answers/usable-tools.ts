import { specTypeSchemas } from '@modelcontextprotocol/client'
import { withObjectType } from '#lib/mcp-client/answers/object-type.ts'
import { isFields } from '#lib/mcp-client/answers/read-result.ts'
import { isDeeper } from '#lib/platform/json/is-deeper.ts'
import { toStorable, toStorableText } from '#lib/platform/json/to-storable.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'

/** A tool of a server's list that is not offered, and why, for whoever runs the server. */
export type LeftOut = { name: string; why: string }

const TOOLS_MAX = 500
const DEFINITION_MAX_CHARS = 100_000
const DEFINITION_MAX_DEPTH = 100
const NAME_MAX_CHARS = 100

/**
 * The tools of a listing that count. One that is not defined as MCP says, whose definition is longer than 100,000 characters or
 * deeper than a hundred levels, whose name is no text, or that runs only as a task, is left out alone; where arguments have no type they
 * are an object, and characters that cannot be kept become U+FFFD; of two with one name the first counts, and 500 at most.
 */
export function usableTools<Tool = unknown>(listed: Tool[]): { tools: Tool[]; leftOut: LeftOut[] } {
  const byName = new Map<string, Tool>()
  const leftOut: LeftOut[] = []
  for (const [index, given] of listed.entries()) {
    const tool = withObjectType(given)
    const name = nameOf(tool) ?? `tool ${index + 1}`
    const why =
      byName.size === TOOLS_MAX
        ? `more than ${TOOLS_MAX} tools`
        : (faultOf(tool) ?? (byName.has(name) ? 'its name comes twice' : undefined))
    if (why) leftOut.push({ name: cutText(name, NAME_MAX_CHARS), why })
    else byName.set(name, toStorable(tool))
  }
  return { tools: [...byName.values()], leftOut }
}

function nameOf(tool: unknown): string | undefined {
  return isFields(tool) && typeof tool.name === 'string' ? tool.name : undefined
}

function faultOf(tool: unknown): string | undefined {
  if (isDeeper(tool, DEFINITION_MAX_DEPTH)) return `its definition is deeper than ${DEFINITION_MAX_DEPTH} levels`
  if (JSON.stringify(tool).length > DEFINITION_MAX_CHARS)
    return `its definition is longer than ${DEFINITION_MAX_CHARS} characters`
  const name = nameOf(tool)
  if (name !== undefined && toStorableText(name) !== name) return 'its name has characters that are no text'
  const judged = specTypeSchemas.Tool['~standard'].validate(tool)
  // The schemas of MCP have nothing to wait for.
  if (judged instanceof Promise) return undefined
  const [issue] = judged.issues ?? []
  if (issue) return cutText(`${issue.path?.map(String).join('.') || 'it'}: ${issue.message}`, 200)
  const { execution } = tool as { execution?: { taskSupport?: unknown } }
  return execution?.taskSupport === 'required' ? 'it runs only as a task, which is not supported' : undefined
}
