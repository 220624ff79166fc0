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
  /** The field of the request that does not fit. */
  field?: string
}

/**
 * The one error class of the product. `message` is a public sentence that says what happened and
 * what to do; `cause` is private.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly retryAfter: number | undefined
  readonly field: string | undefined

  constructor(code: ErrorCode, publicMessage: string, detail: Detail = {}) {
    super(publicMessage, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'AppError'
    this.code = code
    this.retryAfter = detail.retryAfter
    this.field = detail.field
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

/** Why the database could not do what it was asked: unreachable or overloaded, full, read-only. */
export type DatabaseTrouble = 'down' | 'full' | 'read_only'

const DOWN_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
])

/** Signs of each trouble, by SQLSTATE or the driver's code, and by words. The first that fits counts. */
const TROUBLES: [DatabaseTrouble, (code: string) => boolean, RegExp][] = [
  ['full', (code) => code === '53100', /No space left on device|Disk quota exceeded/],
  ['read_only', (code) => code === '25006', /in a read-only transaction/],
  [
    'down',
    // 08: no connection. 53: out of memory or connections. 57P: shutting down or starting.
    (code) => DOWN_CODES.has(code) || (code.length === 5 && /^(?:08|53|57P)/.test(code)),
    /Connection terminated|is not queryable|timeout exceeded when trying to connect|Query read timeout|the database system is|terminating connection|Can't reach database|Server has closed the connection/i,
  ],
]

type ErrorShape = {
  code?: unknown
  message?: unknown
  cause?: unknown
  meta?: { driverAdapterError?: unknown } | null
}

/** What ails the database, by an error and its causes; undefined if the error is not its fault. */
export function findDatabaseTrouble(error: unknown): DatabaseTrouble | undefined {
  for (const [trouble, isCode, words] of TROUBLES)
    for (let at = error, depth = 0; at instanceof Object && depth < 6; depth += 1) {
      const { code, message, cause, meta } = at as ErrorShape
      if (typeof code === 'string' && isCode(code)) return trouble
      if (typeof message === 'string' && words.test(message)) return trouble
      // Prisma keeps the driver's error, which has the SQLSTATE, beside its own.
      at = cause ?? meta?.driverAdapterError
    }
  return undefined
}

/**
 * True if the database is unreachable or has no free connection: the caller may retry, and it is
 * not a bug.
 */
export function isDatabaseDown(error: unknown): boolean {
  return findDatabaseTrouble(error) === 'down'
}

/** What people are told of each trouble, and after how many seconds they may try again. */
export const DATABASE_TROUBLES: Record<DatabaseTrouble, { sentence: string; retryAfter: number }> = {
  full: {
    sentence: 'The disk of the database is full: nothing can be saved. Tell your administrator.',
    retryAfter: 60,
  },
  read_only: {
    sentence: 'The database is read-only: nothing can be saved. Try again later, or tell your administrator.',
    retryAfter: 30,
  },
  down: { sentence: 'The database cannot be reached just now. Try again in a moment.', retryAfter: 5 },
}

/**
 * Turns any thrown value into an AppError. Unexpected errors become `unavailable` (database down,
 * disk full, read-only) or `internal`, with the original kept as the cause for the log.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const trouble = findDatabaseTrouble(error)
  if (trouble) {
    const { sentence, retryAfter } = DATABASE_TROUBLES[trouble]
    return new AppError('unavailable', sentence, { cause: error, retryAfter })
  }
  return new AppError(
    'internal',
    'Something went wrong on our side. Try again. If it persists, give your administrator the request id.',
    {
      cause: error,
    },
  )
}
