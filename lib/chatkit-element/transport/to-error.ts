import { ApiError, ConnectionError, LostError } from '#lib/chatkit/client/api-errors.ts'

const WORDED = [ApiError, ConnectionError, LostError]

/** The thrown value as an Error, because pages get only Errors. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/**
 * The message to show to the person: the server's own, or ours about the connection. Null for
 * anything else thrown, whose words are for programmers.
 */
export function findMessage(error: unknown): string | null {
  return WORDED.some((kind) => error instanceof kind) ? (error as Error).message : null
}
