import { z } from 'zod'
import { makeJourneyCookie } from '#app/api/connections/journey-cookie.ts'
import { requireCaller } from '#lib/auth/sessions/session.ts'
import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { removeAccount, saveAccount } from '#lib/data/servers/server-accounts.ts'
import { beginConnection, requireUsable } from '#lib/mcp-client/accounts/connect-account.ts'
import { forgetTools } from '#lib/mcp-client/tools/tool-lists.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

type Params = { params: Promise<{ id: string }> }

const Wish = z.object({
  key: z
    .string()
    .trim()
    .min(1, 'Enter the key.')
    .max(4_000, 'The key is longer than 4,000 characters.')
    .regex(/^[\x20-\x7e]+$/, 'The key has characters that no key has.')
    .optional(),
  /** The thread whose card started this. The browser returns to it. */
  thread: z
    .string()
    .regex(/^thr_[\w-]{1,80}$/)
    .optional(),
})

/**
 * Connects the caller's account at a server. A key is stored at once; otherwise answers `{ url }`,
 * the address that the browser must open.
 */
export const POST = route(async (request, { params }: Params) => {
  requireSameOrigin(request, env().APP_URL)
  const caller = await requireCaller(request)
  const server = await requireUsable(caller, (await params).id)
  const { key, thread } = parseFields(Wish, await readJson(request, 8_192))
  if (server.config?.identity.kind === 'key') {
    if (!key) throw new AppError('bad_request', 'Enter the key.')
    await saveAccount(caller, server.id, { kind: 'key', key }, { fresh: true })
    forgetTools(server, caller.userId)
    return jsonResponse({})
  }
  const { url, journey } = await beginConnection(caller, server, thread)
  return jsonResponse({ url }, { headers: { 'set-cookie': makeJourneyCookie(journey) } })
})

/** Disconnects the caller's account at a server. */
export const DELETE = route(async (request, { params }: Params) => {
  requireSameOrigin(request, env().APP_URL)
  const caller = await requireCaller(request)
  const { id } = await params
  await removeAccount(caller, id)
  return jsonResponse({})
})
