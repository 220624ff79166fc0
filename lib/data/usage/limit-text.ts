import type { LimitStanding, UsageLimit } from '#lib/data/usage/usage-limits.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'

type Amount = Pick<UsageLimit, 'unit' | 'isShared' | 'period'>

/** "200,000 tokens" or "$5.00". */
export function toAmountText({ unit }: Pick<UsageLimit, 'unit'>, amount: bigint): string {
  return unit === 'cost' ? toMoneyText(amount) : `${amount.toLocaleString('en')} ${amount === 1n ? 'token' : 'tokens'}`
}

/** "1,200 of 200,000 tokens" or "$1.20 of $5.00". */
function toUsedText({ unit, used, amount }: Pick<LimitStanding, 'unit' | 'used' | 'amount'>): string {
  return `${unit === 'cost' ? toMoneyText(used) : used.toLocaleString('en')} of ${toAmountText({ unit }, amount)}`
}

/** "1 December 2026, 00:00 UTC". */
export function toEndText({ endsAt }: Pick<LimitStanding, 'endsAt'>, locale = 'en-GB'): string {
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
  return `${day.format(endsAt)}, 00:00 UTC`
}

/** How much of a limit is used, in whole percent; never 100 before it is used up. */
export function toPercent({ used, amount }: Pick<LimitStanding, 'used' | 'amount'>): number {
  if (used >= amount) return 100
  return Number((used * 100n) / amount)
}

/** What a person is told when a request is refused, and when it ends. */
export function toRefusalText(limit: LimitStanding, outcome: 'used_up' | 'busy'): string {
  if (outcome === 'busy')
    return `Other answers use what is left of ${whichLimit(limit)} just now. Try again in a moment.`
  return `${capital(whichLimit(limit))} (${toAmountText(limit, limit.amount)}) is used up. It starts anew on ${toEndText(limit)}.`
}

/** What a person is told once when most of a limit is used. */
export function toWarningText(limit: LimitStanding): string {
  return `${toPercent(limit)} % of ${whichLimit(limit)} is used: ${toUsedText(limit)}. It starts anew on ${toEndText(limit)}.`
}

function whichLimit({ isShared, period }: Amount): string {
  const when = period === 'day' ? 'for today' : 'for this month'
  return isShared ? `the limit ${when} that you share with others` : `your limit ${when}`
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
