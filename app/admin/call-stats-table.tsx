import Link from 'next/link'
import { toToolCallsHref } from '#app/admin/tool-calls/tool-call-query.ts'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import type { CallStats } from '#lib/data/runs/stats.ts'

/** Calls, failures and durations by tool or by server. The name links to its calls. */
export function CallStatsTable({ by, rows }: { by: 'tool' | 'server'; rows: CallStats[] }) {
  if (rows.length === 0)
    return <EmptyState title="No calls yet">They appear with the first tool call in a chat.</EmptyState>
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
            <Link href={toToolCallsHref({ [by]: name, since: '7d' })} className="font-mono text-sm hover:text-accent">
              {name}
            </Link>
          ),
        },
        { header: 'Calls', align: 'end', cell: ({ calls }) => toCountText(calls) },
        {
          header: 'Failed',
          align: 'end',
          cell: ({ calls, failed }) =>
            failed > 0 ? (
              <span className="text-bad">
                {toCountText(failed)} ({Math.round((failed / calls) * 100)} %)
              </span>
            ) : (
              '0'
            ),
        },
        { header: 'p50', align: 'end', cell: ({ p50 }) => toDurationText(p50) },
        { header: 'p95', align: 'end', cell: ({ p95 }) => toDurationText(p95) },
        { header: 'Last', align: 'end', cell: ({ lastAt }) => <RelativeTime at={lastAt.toISOString()} /> },
      ]}
    />
  )
}
