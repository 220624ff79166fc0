import type { ErrorEvent } from '#lib/chatkit/protocol/events.ts'
import { CustomStreamError, StreamError } from '#lib/chatkit/server/stream-errors.ts'
import { AppError, toAppError } from '#lib/platform/errors.ts'

/**
 * The error event for an error that ended a turn. It carries the error's public sentence if there
 * is one; otherwise the client words the message.
 */
export function toErrorEvent(error: unknown): ErrorEvent {
  if (error instanceof CustomStreamError)
    return { type: 'error', code: 'custom', message: error.message, allow_retry: error.allowRetry }
  if (error instanceof StreamError) return { type: 'error', code: error.code, allow_retry: error.allowRetry }
  const known = error instanceof AppError ? error : toAppError(error)
  if (known === error || known.code === 'unavailable')
    return { type: 'error', code: 'custom', message: known.message, allow_retry: known.status >= 429 }
  return { type: 'error', code: 'stream.error', allow_retry: true }
}
