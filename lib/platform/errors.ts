/** The stable error codes that a person or a client may see, each with its HTTP status. */
const STATUS = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported_type: 415,
  limited: 429,
  internal: 500,
  unavailable: 503,
} as const

export type ErrorCode = keyof typeof STATUS

type Detail = {
  /** The real cause, for the log only. */
  cause?: unknown
  /** Seconds after which a client may retry; becomes the Retry-After header. */
  retryAfter?: number
}

/**
 * The one error class of the product. `message` is a public sentence that says what happened and
 * what to do; `cause` is private.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, publicMessage: string, detail: Detail = {}) {
    super(publicMessage, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'AppError'
    this.code = code
    this.retryAfter = detail.retryAfter
  }

  /** The HTTP status of the code. */
  get status(): number {
    return STATUS[this.code]
  }
}

/**
 * The database connection broke during a commit, so it is unknown whether the transaction took
 * effect.
 */
export class OutcomeUnknownError extends AppError {
  constructor(cause: unknown) {
    super(
      'unavailable',
      'The connection to the database broke while this was being saved. Look whether it is there before you try again.',
      { cause },
    )
  }
}

/** The same answer for "not yours" and "not there", so that it never reveals that an id exists. */
export function notFound(what: string): AppError {
  return new AppError('not_found', `${what} was not found.`)
}

const DATABASE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
])
const DATABASE_WORDS =
  /Connection terminated|is not queryable|timeout exceeded when trying to connect|Query read timeout|the database system is|terminating connection|Can't reach database|Server has closed the connection/i

/**
 * True if the database is unreachable or has no free connection: the caller may retry, and it is
 * not a bug.
 */
export function isDatabaseDown(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Object && depth < 6; depth += 1) {
    const { code, message, cause } = at as { code?: unknown; message?: unknown; cause?: unknown }
    if (
      typeof code === 'string' &&
      (DATABASE_CODES.has(code) || code.startsWith('57P') || code.startsWith('08') || code === '53300')
    )
      return true
    if (typeof message === 'string' && DATABASE_WORDS.test(message)) return true
    at = cause
  }
  return false
}

/** True if PostgreSQL cannot write because its disk is full or its quota is used up. */
function isDiskFull(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Object && depth < 6; depth += 1) {
    const { code, message, cause } = at as { code?: unknown; message?: unknown; cause?: unknown }
    if (
      code === '53100' ||
      (typeof message === 'string' && /No space left on device|Disk quota exceeded/.test(message))
    )
      return true
    at = cause
  }
  return false
}

/** True if PostgreSQL accepts no changes: a standby, or a server an operator made read-only. */
function isReadOnly(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Object && depth < 6; depth += 1) {
    const { code, message, cause } = at as { code?: unknown; message?: unknown; cause?: unknown }
    if (code === '25006' || (typeof message === 'string' && /in a read-only transaction/.test(message))) return true
    at = cause
  }
  return false
}

/**
 * Turns any thrown value into an AppError. Unexpected errors become `unavailable` (database down,
 * disk full, read-only) or `internal`, with the original kept as the cause for the log.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (isDiskFull(error))
    return new AppError(
      'unavailable',
      'The disk of the database is full: nothing can be saved. Tell your administrator.',
      {
        cause: error,
        retryAfter: 60,
      },
    )
  if (isReadOnly(error))
    return new AppError(
      'unavailable',
      'The database is read-only: nothing can be saved. Try again later, or tell your administrator.',
      {
        cause: error,
        retryAfter: 30,
      },
    )
  if (isDatabaseDown(error))
    return new AppError('unavailable', 'The database cannot be reached just now. Try again in a moment.', {
      cause: error,
      retryAfter: 5,
    })
  return new AppError(
    'internal',
    'Something went wrong on our side. Try again; if it stays, tell your administrator the request id.',
    {
      cause: error,
    },
  )
}
