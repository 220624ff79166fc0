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

/** The servers and tools that the person's assistant has now, in the conversation of `?thread=`. */
export const GET = route({ limit: ASKS }, async ({ caller, request }) => {
  const thread = new URL(request.url).searchParams.get('thread')
  const threadId = thread === null ? undefined : toStorableText(thread.slice(0, THREAD_MAX_CHARS))
  return jsonResponse({ servers: await listServers(caller, threadId, { builtinFetch }) })
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
