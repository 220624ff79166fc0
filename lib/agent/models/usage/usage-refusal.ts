import { toRefusalText } from '#lib/data/usage/limit-text.ts'
import type { LimitStanding } from '#lib/data/usage/usage-limits.ts'
import { AppError } from '#lib/platform/errors.ts'

/**
 * A request that was not sent, because a limit of use is reached or what is left of it is reserved.
 * No AppError: `toTurnFailure` records its class.
 */
export class UsageRefusal extends Error {
  readonly failureClass: 'usage_limit' | 'usage_busy'
  /** For the person: which limit, and when it ends. */
  readonly sentence: string
  readonly #limit: LimitStanding

  constructor(outcome: 'used_up' | 'busy', limit: LimitStanding) {
    super(outcome === 'used_up' ? 'a limit of use is reached' : 'the rest of a limit of use is reserved')
    this.name = 'UsageRefusal'
    this.failureClass = outcome === 'used_up' ? 'usage_limit' : 'usage_busy'
    this.sentence = toRefusalText(limit, outcome)
    this.#limit = limit
  }

  /** The same for a request that is answered without a turn. */
  toAppError(): AppError {
    const isUsedUp = this.failureClass === 'usage_limit'
    const seconds = Math.max(1, Math.ceil((this.#limit.endsAt.getTime() - Date.now()) / 1000))
    return new AppError('limited', this.sentence, { cause: this, retryAfter: isUsedUp ? seconds : 5 })
  }
}

/** The UsageRefusal among this error and its causes, at most six levels deep: clients wrap it. */
export function findUsageRefusal(error: unknown): UsageRefusal | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 6; depth += 1, at = at.cause)
    if (at instanceof UsageRefusal) return at
  return undefined
}
