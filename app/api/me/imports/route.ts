import type { Limit } from '#lib/auth/limits/rate-limit.ts'
import { route } from '#lib/auth/route.ts'
import { importConversations } from '#lib/data/transfer/import-conversations.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse, readChunks } from '#lib/platform/http/http.ts'

/** The largest file (bytes). */
const FILE_MAX_BYTES = 200_000_000
const IMPORTS: Limit = {
  name: 'imports',
  points: 60,
  seconds: 3_600,
  said: 'You have imported 60 files within an hour.',
}
/** The most imports that this process works on at once: one for a person. */
const AT_ONCE = 2
const running = new Set<string>()

/**
 * Takes the conversations of another program's export, as the body: `conversations.json` of ChatGPT, the archive
 * with it, or a conversation that LibreChat or Switchboard exported. Answers with what came of it.
 */
export const POST = route({ limit: IMPORTS }, async ({ request, caller }) => {
  if (running.has(caller.userId) || running.size >= AT_ONCE)
    throw new AppError('limited', 'Another import is running. Try again when it has ended.', { retryAfter: 10 })
  running.add(caller.userId)
  try {
    return jsonResponse(await importConversations(caller, readChunks(request, FILE_MAX_BYTES)))
  } finally {
    running.delete(caller.userId)
  }
})
