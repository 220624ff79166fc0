import { readTranslate } from '#app/language/page-language.ts'
import { DayBars, toDayName } from '#app/ui/day-bars.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import type { UsageGroup } from '#lib/data/usage/usage-report.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'
import { toAmountText } from './to-amount-text.ts'
import { listDays } from './usage-period.ts'
import { toCostText } from './usage-table.tsx'

/**
 * What each day used: a chart of the cost, or of the tokens if nothing has a price, and a table of
 * both beside it.
 */
export async function UsageDays({ groups, since }: { groups: UsageGroup[]; since: Date }) {
  const t = await readTranslate()
  const byDay = new Map(groups.map((group) => [group.key, group]))
  const days = listDays(since).map((day) => {
    const { requests = 0, unpriced = 0, input = 0n, output = 0n, costMicros = 0n } = byDay.get(day) ?? {}
    return { day, requests, unpriced, tokens: input + output, costMicros }
  })
  const isPriced = days.some(({ costMicros }) => costMicros > 0n)
  // Only the bars' heights are inexact.
  const sizeOf = ({ tokens, costMicros }: (typeof days)[0]) => Number(isPriced ? costMicros : tokens)
  const textOf = ({ tokens, costMicros }: (typeof days)[0]) =>
    isPriced ? toMoneyText(costMicros, t.locale) : toAmountText({ unit: 'tokens' }, tokens, t)
  const busiest = days.reduce((most, day) => (sizeOf(day) > sizeOf(most) ? day : most), days[0] as (typeof days)[0])
  return (
    <div className="grid gap-6 lg:grid-cols-[3fr_2fr]">
      <DayBars
        label={t(
          isPriced
            ? 'Cost a day over {days} days: {most} on the busiest day.'
            : 'Tokens a day over {days} days: {most} on the busiest day.',
          { days: days.length, most: textOf(busiest) },
        )}
        top={Math.max(1, sizeOf(busiest))}
        topText={isPriced ? toMoneyText(busiest.costMicros, t.locale) : compact(busiest.tokens, t.locale)}
        days={days.map((day) => ({
          day: day.day,
          title: `${toDayName(day.day, t.locale)}: ${textOf(day)}`,
          parts: [{ size: sizeOf(day), colour: 'accent' }],
        }))}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: people scroll it by keyboard */}
      <section aria-label={t('Each day, as a table')} tabIndex={0} className="max-h-72 overflow-y-auto">
        <table className="w-full text-sm">
          <caption className="sr-only">{t('What each day used, the latest first')}</caption>
          <thead className="sticky top-0 bg-surface text-ink-faint">
            <tr>
              <th scope="col" className="py-1.5 text-start font-medium">
                {t('Day (UTC)')}
              </th>
              {[t('Requests'), t('Tokens'), t('Cost')].map((head) => (
                <th key={head} scope="col" className="py-1.5 ps-3 text-end font-medium">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {days.toReversed().map((day) => (
              <tr key={day.day}>
                <th scope="row" className="py-1.5 text-start font-normal whitespace-nowrap">
                  {toDayName(day.day, t.locale)}
                </th>
                <td className="py-1.5 ps-3 text-end tabular-nums">{toCountText(day.requests, t.locale)}</td>
                <td className="py-1.5 ps-3 text-end tabular-nums">{toCountText(day.tokens, t.locale)}</td>
                <td className="py-1.5 ps-3 text-end tabular-nums">{toCostText(day, t)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}

const compact = (tokens: bigint, locale: string) =>
  new Intl.NumberFormat(locale, { notation: 'compact' }).format(tokens)
