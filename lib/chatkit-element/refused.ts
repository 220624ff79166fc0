import { ApiError, ConnectionError } from '#lib/chatkit-element/api.ts'
import type { Failure } from '#lib/chatkit-element/state/view.ts'

/**
 * What a person is shown of a request that was not accepted. `again` is the button that sends it once more; it is offered only
 * where the same request may fare better: after a broken connection, too many requests, or a fault of the server.
 */
export function refused(error: unknown, again: Failure['retry']): Failure {
  if (error instanceof ConnectionError) return { message: error.message, retry: again }
  if (!(error instanceof ApiError)) return { message: null, retry: null }
  const { message, status, retryAfterMs } = error
  const mayPass = status === 429 || status >= 500
  return { message, retry: mayPass ? again : null, ...(mayPass && retryAfterMs > 0 && { notBefore: Date.now() + retryAfterMs }) }
}
