import { ApiError, ConnectionError } from '#lib/chatkit/client/api-errors.ts'
import type { Failure } from '#lib/chatkit-element/state/view.ts'

/**
 * What the person sees of a request that was not accepted. `again` is the retry button; it is
 * offered only if the same request may succeed later: after a lost connection, too many requests
 * (429), or a server error.
 */
export function toRefusalNotice(error: unknown, again: Failure['retry']): Failure {
  if (error instanceof ConnectionError) return { message: error.message, retry: again }
  if (!(error instanceof ApiError)) return { message: null, retry: null }
  const { message, retryAfterMs } = error
  const mayPass = isPassing(error)
  return {
    message,
    retry: mayPass ? again : null,
    ...(mayPass && retryAfterMs > 0 && { notBefore: Date.now() + retryAfterMs }),
  }
}

/**
 * True if the same request may succeed later. After a lost connection it may already have taken
 * effect.
 */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof ConnectionError || (error instanceof ApiError && (error.status === 429 || error.status >= 500))
  )
}
