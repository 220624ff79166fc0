// These run in the browser, where the server's AppError does not exist.

/** The server refused the request. `message` is the server's own and can be shown to the person. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  /** How long (ms) the server wants us to wait; 0 if it did not say. */
  readonly retryAfterMs: number
  constructor(message: string, status: number, retryAfterMs = 0) {
    super(message)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * The server could not be reached, or the stream broke off. The request may still have taken
 * effect.
 */
export class ConnectionError extends Error {
  override name = 'ConnectionError'
}

/** The connection was lost for good after the request had been accepted. */
export class LostError extends Error {
  override name = 'LostError'
}
