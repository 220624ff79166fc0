import type { Failure } from '#lib/chatkit-element/state/view.ts'
import { ApiError, ConnectionError } from '#lib/chatkit-element/transport/api.ts'

/**
 * What a person is shown of a request that was not accepted. `again` is the button that sends it once more; it is offered only
 * where the same request may fare better: after a broken connection, too many requests, or a fault of the server.
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

/** True where the same request may fare better later, or may have been carried out: nobody knows after a broken connection. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof ConnectionError || (error instanceof ApiError && (error.status === 429 || error.status >= 500))
  )
}
