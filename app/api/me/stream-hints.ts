import type { SignedVisit } from '#lib/auth/route.ts'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { openSessionStream } from '#lib/auth/sessions/session-streams.ts'
import { sseResponse } from '#lib/platform/http/sse.ts'
import type { Hint } from '#lib/platform/process/watch-hints.ts'

type Hints = AsyncGenerator<Hint, boolean>

/**
 * Answers with the hints that `watch` yields for this person, while they are signed in. The stream
 * carries no content. Throws limited if the person has too many streams open.
 */
export function streamHints(
  { request, caller, session }: Pick<SignedVisit, 'request' | 'caller' | 'session'>,
  watch: (userId: string, signal: AbortSignal) => Hints,
): Response {
  const left = new AbortController()
  const signal = AbortSignal.any([request.signal, left.signal])
  const { ended, close: onClose } = openSessionStream(session)
  try {
    const hints = watch(caller.userId, signal)
    return sseResponse(whileSignedIn(request.headers, caller.userId, hints), {
      onDetach: () => left.abort(),
      onClose,
      ended,
    })
  } catch (error) {
    onClose()
    throw error
  }
}

/** Yields the hints until the reader is no longer this person. */
async function* whileSignedIn(headers: Headers, userId: string, hints: Hints): Hints {
  for await (const hint of hints) {
    if ((await findCaller(headers))?.userId !== userId) return true
    yield hint
  }
  return true
}
