const SECONDS_MAX = 86_400

/**
 * The server refused a request outright, by the HTTP status of the request itself. No AppError:
 * `toMcpFailure` has the sentences.
 */
export class TurnedAway extends Error {
  readonly reason: 'too_large' | 'overloaded'
  /** Seconds after which the server wants to be asked again, if it says so; at most a day. */
  readonly retryAfter: number | undefined

  constructor(status: 413 | 429, retryAfter: string | null) {
    super(`HTTP ${status}`)
    this.name = 'TurnedAway'
    this.reason = status === 413 ? 'too_large' : 'overloaded'
    this.retryAfter = readRetryAfterSeconds(retryAfter)
  }
}

/** A Retry-After header (a number of seconds, or a date) as seconds from now; at most a day. */
export function readRetryAfterSeconds(header: string | null): number | undefined {
  if (header === null) return undefined
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000)
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, SECONDS_MAX) : undefined
}
