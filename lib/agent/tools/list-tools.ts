import { openMcp } from '#lib/mcp-client/connection/open-mcp.ts'
import { LISTS_ONLY } from '#lib/mcp-client/questions/asking.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { newId } from '#lib/platform/ids.ts'
import { cutText } from '#lib/platform/text/cut-text.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

/**
 * A tool that the person can call by its name in the chat. `type` is the JSON schema's type if it
 * is one word.
 */
export type NamedTool = {
  name: string
  server: string
  description: string
  parameters: { name: string; required: boolean; type?: string; description?: string }[]
}

const DESCRIPTION_MAX = 200

/**
 * The tools that a turn of this person would be offered now. A server that does not answer in time
 * is left out.
 */
export async function listTools(
  caller: Caller,
  { builtinFetch }: { builtinFetch?: typeof fetch } = {},
): Promise<NamedTool[]> {
  // Listing starts no run and calls no tool, so tokens for the servers carry the id of a run that
  // does not exist.
  const nothing = { id: newId('run'), threadId: newId('thr'), userId: caller.userId, asking: LISTS_ONLY }
  const mcp = await openMcp(nothing, { builtinFetch })
  try {
    const lists = await Promise.all(
      mcp.connections.map(async (connection) =>
        (await connection.listTools()).map((tool) => toNamedTool(tool, connection.server.name)),
      ),
    )
    return lists.flat()
  } finally {
    await mcp.close()
  }
}

type Listed = {
  name: string
  description?: string
  inputSchema: { properties?: Record<string, unknown>; required?: string[] }
}

function toNamedTool({ name, description = '', inputSchema }: Listed, server: string): NamedTool {
  const { properties = {}, required = [] } = inputSchema
  const parameters = Object.entries(properties).map(([key, schema]) => {
    const { type, description: about } = (schema ?? {}) as { type?: unknown; description?: unknown }
    return {
      name: key,
      required: required.includes(key),
      ...(typeof type === 'string' && { type }),
      ...(typeof about === 'string' && { description: shorten(about) }),
    }
  })
  return { name, server, description: firstSentence(description), parameters }
}

function firstSentence(text: string): string {
  return shorten((/^[\s\S]*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text).trim())
}

function shorten(text: string): string {
  return cutText(toVisibleText(cutText(text, DESCRIPTION_MAX)), DESCRIPTION_MAX)
}
