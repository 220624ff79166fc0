import { DayBars, toDayName } from '#app/ui/day-bars.tsx'
import type { UsageGroup } from '#lib/data/usage/usage-report.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'
import { listDays } from './usage-period.ts'
import { toCostText } from './usage-table.tsx'

/**
 * What each day used: a chart of the cost, or of the tokens if nothing has a price, and a table of
 * both beside it.
 */
export function UsageDays({ groups, since }: { groups: UsageGroup[]; since: Date }) {
  const byDay = new Map(groups.map((group) => [group.key, group]))
  const days = listDays(since).map((day) => {
    const { requests = 0, unpriced = 0, input = 0n, output = 0n, costMicros = 0n } = byDay.get(day) ?? {}
    return { day, requests, unpriced, tokens: input + output, costMicros }
  })
  const isPriced = days.some(({ costMicros }) => costMicros > 0n)
  // Only the bars' heights are inexact.
  const sizeOf = ({ tokens, costMicros }: (typeof days)[0]) => Number(isPriced ? costMicros : tokens)
  const textOf = ({ tokens, costMicros }: (typeof days)[0]) =>
    isPriced ? toMoneyText(costMicros) : `${tokens.toLocaleString('en')} tokens`
  const busiest = days.reduce((most, day) => (sizeOf(day) > sizeOf(most) ? day : most), days[0] as (typeof days)[0])
  return (
    <div className="grid gap-6 lg:grid-cols-[3fr_2fr]">
      <DayBars
        label={`${isPriced ? 'Cost' : 'Tokens'} a day over ${days.length} days: ${textOf(busiest)} on the busiest day.`}
        top={Math.max(1, sizeOf(busiest))}
        topText={isPriced ? toMoneyText(busiest.costMicros) : compact(busiest.tokens)}
        days={days.map((day) => ({
          day: day.day,
          title: `${toDayName(day.day)}: ${textOf(day)}`,
          parts: [{ size: sizeOf(day), colour: 'accent' }],
        }))}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: people scroll it by keyboard */}
      <section aria-label="Each day, as a table" tabIndex={0} className="max-h-72 overflow-y-auto">
        <table className="w-full text-sm">
          <caption className="sr-only">What each day used, the latest first</caption>
          <thead className="sticky top-0 bg-surface text-ink-faint">
            <tr>
              <th scope="col" className="py-1.5 text-start font-medium">
                Day (UTC)
              </th>
              {['Requests', 'Tokens', 'Cost'].map((head) => (
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
                  {toDayName(day.day)}
                </th>
                <td className="py-1.5 ps-3 text-end tabular-nums">{day.requests.toLocaleString('en')}</td>
                <td className="py-1.5 ps-3 text-end tabular-nums">{day.tokens.toLocaleString('en')}</td>
                <td className="py-1.5 ps-3 text-end tabular-nums">{toCostText(day)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}

const compact = (tokens: bigint) => new Intl.NumberFormat('en', { notation: 'compact' }).format(tokens)
