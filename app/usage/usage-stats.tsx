import { readTranslate } from '#app/language/page-language.ts'
import { Stat } from '#app/ui/stat.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import type { UsageTotals } from '#lib/data/usage/usage-report.ts'
import { toCostText } from './usage-table.tsx'

/** The totals of a report. */
export async function UsageStats({ totals }: { totals: UsageTotals }) {
  const t = await readTranslate()
  const { requests, estimated, unpriced, input, cached, output, reasoning } = totals
  return (
    <dl className="grid grid-cols-2 gap-4 lg:grid-cols-4">
      <Stat
        name={t('Cost')}
        value={toCostText(totals, t)}
        note={
          unpriced > 0 && unpriced < requests
            ? t('{unpriced, number} of {requests, number} requests without a price', { unpriced, requests })
            : t('by the prices of each moment')
        }
      />
      <Stat
        name={t('Requests')}
        value={toCountText(requests, t.locale)}
        note={estimated > 0 ? t('{estimated, number} estimated', { estimated }) : t('none estimated')}
      />
      <Stat
        name={t('Input tokens')}
        value={toCountText(input, t.locale)}
        note={t('{count} cached', { count: toCountText(cached, t.locale) })}
      />
      <Stat
        name={t('Output tokens')}
        value={toCountText(output, t.locale)}
        note={t('{count} reasoning', { count: toCountText(reasoning, t.locale) })}
      />
    </dl>
  )
}
