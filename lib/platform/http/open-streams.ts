import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { processState } from '#lib/platform/process-state.ts'

const open = processState('open streams', () => new Map<string, number>())

/**
 * Counts an open stream of a person in this process until the returned function is called. Calling
 * it twice is harmless. Throws limited if the person has STREAMS_AT_ONCE streams open already: each
 * holds a socket and keeps reading for as long as it lives.
 */
export function openStream(userId: string): () => void {
  const { STREAMS_AT_ONCE } = env()
  const own = open().get(userId) ?? 0
  if (own >= STREAMS_AT_ONCE)
    throw new AppError(
      'limited',
      `You have ${STREAMS_AT_ONCE} streams open already. Close a tab or a client that you no longer need.`,
      {
        retryAfter: 10,
      },
    )
  open().set(userId, own + 1)
  let counted = true
  return () => {
    if (!counted) return
    counted = false
    const left = (open().get(userId) ?? 1) - 1
    if (left > 0) open().set(userId, left)
    else open().delete(userId)
  }
}
