import { AppError } from '#lib/platform/errors.ts'
import { isShuttingDown } from '#lib/platform/process/shutdown.ts'

/** Throws unavailable while the server shuts down. */
export function requireServing(): void {
  if (isShuttingDown())
    throw new AppError('unavailable', 'The server is restarting. Try again in a moment.', { retryAfter: 5 })
}
