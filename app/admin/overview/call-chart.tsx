import { toSpanFilter } from '#app/admin/periods.ts'
import { Card } from '#app/ui/card.tsx'
import { DayBars } from '#app/ui/day-bars.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import type { Bucket } from '#lib/data/runs/overview/read-overview.ts'
import { Figure } from './figure.tsx'
import { toCalls, toOverview } from './overview-links.ts'

/** The shortest part (ms) that the overview can be zoomed into. */
const ZOOM_MS = 60_000

/** Calls over time as bars, which zoom in, and the same numbers as a table. */
export function CallChart({ buckets }: { buckets: Bucket[] }) {
  const top = Math.max(1, ...buckets.map(({ calls }) => calls))
  const sum = (of: 'calls' | 'failed') => toCountText(buckets.reduce((total, bucket) => total + bucket[of], 0))
  const [first, last] = [buckets[0], buckets.at(-1)]
  return (
    <Card title="Tool calls over time" hint="A bar shows its part of the time more closely">
      <DayBars
        label={`${sum('calls')} tool calls over time, ${sum('failed')} failed, at most ${toCountText(top)} in one of ${buckets.length} parts.`}
        top={top}
        topText={toCountText(top)}
        days={buckets.map(({ since, until, calls, failed }) => ({
          day: since.toISOString(),
          title: `${toTimeText(since)} to ${toTimeText(until)}: ${toCountText(calls)} calls, ${toCountText(failed)} failed`,
          ...(until.getTime() - since.getTime() >= ZOOM_MS && {
            href: toOverview({ ...toSpanFilter({ since, until }) }),
          }),
          parts: [
            { size: failed, colour: 'bad' },
            { size: calls - failed, colour: 'accent' },
          ],
        }))}
        ends={[first && toTimeText(first.since), last && toTimeText(last.until)]}
        legend={
          <>
            <Key colour="bg-accent">not failed</Key>
            <Key colour="bg-bad">failed</Key>
          </>
        }
      />
      <details className="mt-3">
        <summary className="w-fit text-sm text-ink-soft hover:text-ink">As a table</summary>
        <Table
          caption="Tool calls over time"
          rows={buckets.filter(({ calls }) => calls > 0)}
          rowKey={({ since }) => since.toISOString()}
          columns={[
            { header: 'From', lead: true, cell: ({ since }) => <RelativeTime at={since.toISOString()} exact /> },
            {
              header: 'Calls',
              align: 'end',
              cell: (bucket) => (
                <Figure count={bucket.calls} href={toCalls(bucket)}>
                  {toCountText(bucket.calls)}
                </Figure>
              ),
            },
            {
              header: 'Failed',
              align: 'end',
              cell: (bucket) => (
                <Figure count={bucket.failed} href={toCalls(bucket, { status: 'unsuccessful' })} tone="bad">
                  {toCountText(bucket.failed)}
                </Figure>
              ),
            },
          ]}
        />
      </details>
    </Card>
  )
}

/** "30 Nov, 14:00 UTC". */
function toTimeText(at: Date): string {
  const time = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' } as const
  return `${new Intl.DateTimeFormat('en-GB', time).format(at)} UTC`
}

function Key({ colour, children }: { colour: string; children: string }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden className={`size-2 rounded-xs ${colour}`} />
      {children}
    </span>
  )
}
