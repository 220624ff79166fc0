import { z } from 'zod'
import { makeJourneyCookie } from '#app/api/connections/journey-cookie.ts'
import { route } from '#lib/auth/route.ts'
import { removeAccount, saveAccount } from '#lib/data/servers/server-accounts.ts'
import { beginConnection, requireUsable } from '#lib/mcp-client/accounts/connect-account.ts'
import { forgetTools } from '#lib/mcp-client/tools/tool-lists.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

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
export const POST = route({ params: ['id'], body: Wish }, async ({ caller, params, body: { key, thread } }) => {
  const server = await requireUsable(caller, params.id)
  if (server.config?.identity.kind === 'key') {
    if (!key) throw new AppError('bad_request', 'Enter the key.')
    await saveAccount(caller, server.id, { kind: 'key', key })
    forgetTools(server, caller.userId)
    return jsonResponse({})
  }
  const { url, journey } = await beginConnection(caller, server, thread)
  return jsonResponse({ url }, { headers: { 'set-cookie': makeJourneyCookie(journey) } })
})

/** Disconnects the caller's account at a server. */
export const DELETE = route({ params: ['id'] }, async ({ caller, params }) => {
  await removeAccount(caller, params.id)
  return jsonResponse({})
})
