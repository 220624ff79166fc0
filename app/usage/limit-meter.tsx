import { readTranslate } from '#app/language/page-language.ts'
import { Badge } from '#app/ui/badge.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import { toEndText, toPercent } from '#lib/data/usage/limit-text.ts'
import type { LimitStanding } from '#lib/data/usage/usage-limits.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'
import { toAmountText } from './to-amount-text.ts'

/** How far a limit is used up, and when it starts anew. */
export async function LimitMeter({ limit }: { limit: LimitStanding }) {
  const t = await readTranslate()
  const { period, isShared, warnPercent } = limit
  const percent = toPercent(limit)
  const colour = percent === 100 ? 'bad' : percent >= warnPercent ? 'warn' : 'accent'
  const when = t(period === 'day' ? 'Today' : 'This month')
  const name = isShared ? t('{when}, shared with others', { when }) : when
  return (
    <div className="grid gap-1.5">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="font-medium">{name}</span>
        {percent === 100 ? (
          <Badge tone="bad">{t('Used up')}</Badge>
        ) : (
          percent >= warnPercent && <Badge tone="warn">{t('Mostly used')}</Badge>
        )}
      </div>
      <svg
        role="img"
        aria-label={t('{name}: {percent} % used', { name, percent })}
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        className="h-2 w-full rounded-full bg-sunken"
      >
        <rect width={percent} height={4} fill={`var(--${colour})`} />
      </svg>
      <p className="text-sm text-ink-faint">
        {t('{used} of {amount} ({percent} %). It starts anew on {day}.', {
          used: limit.unit === 'cost' ? toMoneyText(limit.used, t.locale) : toCountText(limit.used, t.locale),
          amount: toAmountText(limit, limit.amount, t),
          percent,
          day: toEndText(limit, t.locale),
        })}
      </p>
    </div>
  )
}
