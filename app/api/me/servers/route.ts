import { z } from 'zod'
import { builtinFetch } from '#app/builtin-fetch.ts'
import { listServers } from '#lib/agent/tools/list-servers.ts'
import { route } from '#lib/auth/route.ts'
import { switchOff, switchOn } from '#lib/data/chat/switched-off-tools.ts'
import { noteListChange } from '#lib/mcp-client/lists/list-changes.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

const ASKS = { name: 'server-list', points: 120, seconds: 60 }
const THREAD_MAX_CHARS = 100

/**
 * The servers and tools that an assistant has for the person now: that of the conversation of
 * `?thread=`, or for a new one that of `?assistant=`.
 */
export const GET = route({ limit: ASKS }, async ({ caller, request }) => {
  const { searchParams } = new URL(request.url)
  const read = (name: string) => {
    const given = searchParams.get(name)
    return given === null ? undefined : toStorableText(given.slice(0, THREAD_MAX_CHARS))
  }
  const assistant = read('assistant')
  const servers = await listServers(caller, read('thread'), {
    builtinFetch,
    ...(assistant !== undefined && { assistant }),
  })
  return jsonResponse({ servers })
})

const Name = z.string().min(1).max(500).transform(toStorableText)
const Switched = z.object({
  thread: z.string().min(1).max(THREAD_MAX_CHARS).transform(toStorableText),
  server: Name,
  tool: Name.optional(),
  is_on: z.boolean(),
})

/** Switches a tool, or a server with all its tools, on or off in one conversation of the person. */
export const PUT = route({ limit: ASKS, body: Switched }, async ({ caller, body }) => {
  const { thread, server, tool, is_on: isOn } = body
  const entry = { server, ...(tool !== undefined && { tool }) }
  await (isOn ? switchOn(caller, thread, entry) : switchOff(caller, thread, [entry]))
  noteListChange(caller.userId)
  return jsonResponse({ is_on: isOn })
})
