import type { UsageLimit } from '#lib/data/usage/usage-limits.ts'
import type { Translate } from '#lib/platform/language/translate.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'

/** "200,000 tokens" or "$5.00", in the reader's language. */
export function toAmountText({ unit }: Pick<UsageLimit, 'unit'>, amount: bigint, t: Translate): string {
  if (unit === 'cost') return toMoneyText(amount, t.locale)
  return t('{count, plural, one {# token} other {# tokens}}', { count: Number(amount) })
}
