import { z } from 'zod'
import { builtinFetch } from '#app/builtin-fetch.ts'
import { route } from '#lib/auth/route.ts'
import { getPrompt } from '#lib/mcp-client/offers/get-prompt.ts'
import { listOffers } from '#lib/mcp-client/offers/list-offers.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const ASKS = { name: 'prompt-list', points: 60, seconds: 60 }
const GETS = { name: 'prompt-get', points: 30, seconds: 60 }

/** The prompts and templates that the person's servers offer, for the chat's completions. */
export const GET = route({ limit: ASKS }, async ({ caller, request }) => {
  const { servers, unavailable } = await listOffers({ caller, builtinFetch, signal: request.signal })
  return jsonResponse({
    prompts: servers.flatMap(({ server: { name: server }, offers }) =>
      offers.prompts.map((prompt) => ({ server, ...prompt })),
    ),
    templates: servers.flatMap(({ server: { name: server }, offers }) =>
      offers.templates.map((template) => ({ server, ...template })),
    ),
    unavailable,
  })
})

const Chosen = z.object({
  server: z.string().min(1).max(200),
  prompt: z.string().min(1).max(200),
  arguments: z.record(z.string().max(200), z.string().max(2_000)).default({}),
})

/** The text of a prompt with the person's arguments, as it would be sent. */
export const POST = route({ limit: GETS, body: Chosen, bodyMax: 131_072 }, async ({ caller, body, request }) =>
  jsonResponse(await getPrompt({ caller, builtinFetch, signal: request.signal }, body, env().MESSAGE_MAX_CHARS)),
)
