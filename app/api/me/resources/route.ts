import { z } from 'zod'
import { builtinFetch } from '#app/builtin-fetch.ts'
import { route } from '#lib/auth/route.ts'
import { expandTemplate } from '#lib/mcp-client/offers/expand-template.ts'
import { searchResources } from '#lib/mcp-client/offers/search-resources.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const SEARCHES = { name: 'resource-search', points: 120, seconds: 60 }
const SEARCH_MAX_CHARS = 200

/** The resources that can be attached, by the words of `?search=`. */
export const GET = route({ limit: SEARCHES }, async ({ caller, request }) => {
  const search = (new URL(request.url).searchParams.get('search') ?? '').slice(0, SEARCH_MAX_CHARS)
  return jsonResponse(await searchResources({ caller, builtinFetch, signal: request.signal }, search))
})

const Filled = z.object({
  template: z.string().min(1).max(2_000),
  values: z.record(z.string().max(200), z.string().max(1_000)),
})

/** The address of a template whose parameters are filled in. Nothing is read. */
export const POST = route({ limit: SEARCHES, body: Filled, bodyMax: 131_072 }, async ({ body }) => {
  const uri = expandTemplate(body.template, body.values)
  if (uri === undefined) throw new AppError('bad_request', 'This address cannot be made from these values.')
  return jsonResponse({ uri })
})
