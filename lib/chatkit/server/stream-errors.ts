/**
 * Ends a turn with an error event that carries a sentence for the person (protocol section 1.6).
 * No AppError: it is an event of a stream, with no status.
 */
export class CustomStreamError extends Error {
  readonly allowRetry: boolean

  constructor(publicMessage: string, allowRetry = false, options?: ErrorOptions) {
    super(publicMessage, options)
    this.name = 'CustomStreamError'
    this.allowRetry = allowRetry
  }
}

/**
 * Ends a turn with an error event that the client words itself. No AppError: it has no sentence.
 */
export class StreamError extends Error {
  readonly code = 'stream.error'
  readonly allowRetry: boolean

  constructor(message: string, allowRetry = true, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StreamError'
    this.allowRetry = allowRetry
  }
}
