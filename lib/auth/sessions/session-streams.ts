import type { Session } from '#lib/auth/sessions/session.ts'
import { ACCESS_CHANNEL } from '#lib/data/people/end-access.ts'
import { isSessionOpen } from '#lib/data/people/person-sessions.ts'
import { isListening, listen } from '#lib/platform/db/notify.ts'
import { openStream } from '#lib/platform/http/open-streams.ts'
import { log } from '#lib/platform/log.ts'
import { processState } from '#lib/platform/process-state.ts'

/** How often (ms) the sessions of open streams are read while LISTEN is not available. */
const BLIND_MS = 5_000

type OpenStream = { userId: string; sessionId: string; end: AbortController }

const state = processState('session streams', () => ({
  streams: new Set<OpenStream>(),
  stopListening: undefined as (() => void) | undefined,
  timer: undefined as NodeJS.Timeout | undefined,
}))

/**
 * Counts a stream of a person's session, as `openStream` does. `ended` aborts when the session ends, on whichever
 * replica. Call `close` when the stream is over. Throws limited.
 */
export function openSessionStream({ caller, id }: Pick<Session, 'caller' | 'id'>): {
  ended: AbortSignal
  close: () => void
} {
  const uncount = openStream(caller.userId)
  const own = state()
  const stream = { userId: caller.userId, sessionId: id, end: new AbortController() }
  own.streams.add(stream)
  own.stopListening ??= listen(ACCESS_CHANNEL, {
    heard: (userId) => void endStreams(({ userId: reader }) => reader === userId),
    missed: () => void endStreams(() => true),
  })
  own.timer ??= setInterval(() => void lookWhileBlind(), BLIND_MS).unref()
  return {
    ended: stream.end.signal,
    close: () => {
      own.streams.delete(stream)
      uncount()
      if (own.streams.size > 0) return
      clearInterval(own.timer)
      own.timer = undefined
    },
  }
}

async function lookWhileBlind(): Promise<void> {
  if (!(await isListening())) await endStreams(() => true)
}

/** Ends those of the streams whose session is over. A failure leaves them open until the next look. */
async function endStreams(concerns: (stream: OpenStream) => boolean): Promise<void> {
  const bySession = Map.groupBy([...state().streams].filter(concerns), ({ sessionId }) => sessionId)
  for (const [sessionId, streams] of bySession)
    try {
      const [{ userId = '' } = {}] = streams
      if (await isSessionOpen(userId, sessionId)) continue
      for (const { end } of streams) end.abort()
    } catch (error) {
      log.warn({ error }, 'sessions of open streams could not be read')
    }
}
