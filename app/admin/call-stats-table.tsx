import Link from 'next/link'
import type { CallStats } from '#lib/data/stats.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { Table } from '../ui/table.tsx'
import { countText, durationText } from '../ui/time-text.ts'
import { toolCallsHref } from './tool-calls/filter.ts'

/** Calls, failures and durations of each tool or server; the name leads to its calls. */
export function CallStatsTable({ by, rows }: { by: 'tool' | 'server'; rows: CallStats[] }) {
  if (rows.length === 0) return <EmptyState title="No calls yet">They appear with the first tool call in a chat.</EmptyState>
  return (
    <Table
      caption={`Calls by ${by}`}
      rows={rows}
      rowKey={({ name }) => name}
      columns={[
        {
          header: by === 'tool' ? 'Tool' : 'Server',
          lead: true,
          cell: ({ name }) => (
            <Link href={toolCallsHref({ [by]: name, since: '7d' })} className="font-mono text-sm hover:text-accent">
              {name}
            </Link>
          ),
        },
        { header: 'Calls', align: 'end', cell: ({ calls }) => countText(calls) },
        {
          header: 'Failed',
          align: 'end',
          cell: ({ calls, failed }) =>
            failed > 0 ? (
              <span className="text-bad">
                {countText(failed)} ({Math.round((failed / calls) * 100)} %)
              </span>
            ) : (
              '0'
            ),
        },
        { header: 'p50', align: 'end', cell: ({ p50 }) => durationText(p50) },
        { header: 'p95', align: 'end', cell: ({ p95 }) => durationText(p95) },
        { header: 'Last', align: 'end', cell: ({ lastAt }) => <RelativeTime at={lastAt.toISOString()} /> },
      ]}
    />
  )
}
