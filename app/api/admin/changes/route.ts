import { route } from '#lib/auth/route.ts'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { openSessionStream } from '#lib/auth/sessions/session-streams.ts'
import { sseResponse } from '#lib/platform/http/sse.ts'
import { watchChanges } from '#lib/platform/process/watch-changes.ts'

export const dynamic = 'force-dynamic'

/**
 * The longest (s) that a stream may last on a platform with a limit (Vercel). The page then opens
 * another.
 */
export const maxDuration = 300

/**
 * Tells an admin's page that there is something new to read, for as long as its reader is an admin.
 * The stream carries no content. A person who is not an admin gets 404.
 */
export const GET = route({ session: 'admin' }, async ({ request, session }) => {
  const left = new AbortController()
  const signal = AbortSignal.any([request.signal, left.signal])
  const { ended, close: onClose } = openSessionStream(session)
  try {
    return sseResponse(whileAdmin(request.headers, watchChanges(signal)), {
      onDetach: () => left.abort(),
      onClose,
      ended,
    })
  } catch (error) {
    onClose()
    throw error
  }
})

type Hints = ReturnType<typeof watchChanges>

/** Yields the hints until the reader is no longer an admin. */
async function* whileAdmin(headers: Headers, hints: Hints): Hints {
  for await (const hint of hints) {
    if ((await findCaller(headers))?.role !== 'admin') return true
    yield hint
  }
  return true
}
