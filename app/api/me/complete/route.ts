import { z } from 'zod'
import { builtinFetch } from '#app/builtin-fetch.ts'
import { route } from '#lib/auth/route.ts'
import { completeValue } from '#lib/mcp-client/offers/complete-value.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const ASKS = { name: 'value-completion', points: 120, seconds: 60 }

const Asked = z.object({
  server: z.string().min(1).max(200),
  of: z.union([z.object({ prompt: z.string().min(1).max(200) }), z.object({ template: z.string().min(1).max(2_000) })]),
  argument: z.string().min(1).max(200),
  value: z.string().max(1_000),
  known: z.record(z.string().max(200), z.string().max(1_000)).default({}),
})

/** What a server suggests for an argument of its prompt, or a parameter of its template. */
export const POST = route({ limit: ASKS, body: Asked, bodyMax: 131_072 }, async ({ caller, body, request }) =>
  jsonResponse({ values: await completeValue({ caller, builtinFetch, signal: request.signal }, body) }),
)
