import { Stat } from '#app/ui/stat.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import type { UsageTotals } from '#lib/data/usage/usage-report.ts'
import { toCostText } from './usage-table.tsx'

/** The totals of a report. */
export function UsageStats({ totals }: { totals: UsageTotals }) {
  const { requests, estimated, unpriced, input, cached, output, reasoning } = totals
  return (
    <dl className="grid grid-cols-2 gap-4 lg:grid-cols-4">
      <Stat
        name="Cost"
        value={toCostText(totals)}
        note={
          unpriced > 0 && unpriced < requests
            ? `${toCountText(unpriced)} of ${toCountText(requests)} requests without a price`
            : 'by the prices of each moment'
        }
      />
      <Stat
        name="Requests"
        value={toCountText(requests)}
        note={estimated > 0 ? `${toCountText(estimated)} estimated` : 'none estimated'}
      />
      <Stat name="Input tokens" value={input.toLocaleString('en')} note={`${cached.toLocaleString('en')} cached`} />
      <Stat
        name="Output tokens"
        value={output.toLocaleString('en')}
        note={`${reasoning.toLocaleString('en')} reasoning`}
      />
    </dl>
  )
}
