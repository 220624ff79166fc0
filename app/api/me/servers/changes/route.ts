import { route } from '#lib/auth/route.ts'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { watchListChanges } from '#lib/mcp-client/lists/list-changes.ts'
import { openStream } from '#lib/platform/http/open-streams.ts'
import { sseResponse } from '#lib/platform/http/sse.ts'

export const dynamic = 'force-dynamic'

/**
 * The longest (s) that a stream may last on a platform with a limit (Vercel). The page then opens
 * another.
 */
export const maxDuration = 300

/**
 * Tells the person's chat that their servers, tools or switches have changed, while they are signed
 * in. The stream carries no content.
 */
export const GET = route({}, async ({ request, caller }) => {
  const left = new AbortController()
  const signal = AbortSignal.any([request.signal, left.signal])
  const onClose = openStream(caller.userId)
  try {
    const hints = watchListChanges(caller.userId, signal)
    return sseResponse(whileSignedIn(request.headers, caller.userId, hints), { onDetach: () => left.abort(), onClose })
  } catch (error) {
    onClose()
    throw error
  }
})

type Hints = ReturnType<typeof watchListChanges>

/** Yields the hints until the reader is no longer this person. */
async function* whileSignedIn(headers: Headers, userId: string, hints: Hints): Hints {
  for await (const hint of hints) {
    if ((await findCaller(headers))?.userId !== userId) return true
    yield hint
  }
  return true
}
