import { listTools } from '#lib/agent/tools/list-tools.ts'
import { consumeLimit } from '#lib/auth/limits/rate-limit.ts'
import { requireCaller } from '#lib/auth/sessions/session.ts'
import { jsonResponse, route } from '#lib/platform/http/http.ts'
import { handleMcp } from '#mcp/endpoint.ts'

const ASKS = { name: 'tool-list', points: 60, seconds: 60 }

/** The tools that the person's assistant can call, for the chat's completions. */
export const GET = route(async (request) => {
  const caller = await requireCaller(request)
  await consumeLimit(ASKS, caller.userId)
  const tools = await listTools(caller, { builtinFetch: (input, init) => handleMcp(new Request(input, init)) })
  return jsonResponse({ tools })
})
