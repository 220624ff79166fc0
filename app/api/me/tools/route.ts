import { builtinFetch } from '#app/builtin-fetch.ts'
import { listTools } from '#lib/agent/tools/list-tools.ts'
import { route } from '#lib/auth/route.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const ASKS = { name: 'tool-list', points: 60, seconds: 60 }

/** The tools that the person's assistant can call, for the chat's completions. */
export const GET = route({ limit: ASKS }, async ({ caller }) =>
  jsonResponse({ tools: await listTools(caller, { builtinFetch }) }),
)
