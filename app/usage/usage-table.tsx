import type { ReactNode } from 'react'
import { Card } from '#app/ui/card.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import type { UsageGroup, UsageTotals } from '#lib/data/usage/usage-report.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'

/** A card of what groups of requests used, a row each. `nameOf` names a group, and may link it. */
export function UsageTable({
  title,
  hint,
  head,
  groups,
  nameOf,
}: {
  title: string
  hint?: string
  head: string
  groups: UsageGroup[]
  nameOf: (group: UsageGroup) => ReactNode
}) {
  return (
    <Card title={title} hint={hint} flush>
      <Table
        caption={title}
        rows={groups}
        rowKey={({ key, note }) => JSON.stringify([key, note])}
        columns={[
          {
            header: head,
            lead: true,
            cell: (group) => (
              <>
                <span className="block font-medium wrap-anywhere">{nameOf(group)}</span>
                {group.note && (
                  <span className="block text-sm font-normal wrap-anywhere text-ink-faint">{group.note}</span>
                )}
              </>
            ),
          },
          { header: 'Requests', align: 'end', cell: ({ requests }) => toCountText(requests) },
          {
            header: 'Input tokens',
            align: 'end',
            cell: ({ input, cached }) => <Tokens count={input} part={cached} of="cached" />,
          },
          {
            header: 'Output tokens',
            align: 'end',
            cell: ({ output, reasoning }) => <Tokens count={output} part={reasoning} of="reasoning" />,
          },
          { header: 'Cost', align: 'end', cell: (group) => toCostText(group) },
        ]}
      />
    </Card>
  )
}

function Tokens({ count, part, of }: { count: bigint; part: bigint; of: string }) {
  return (
    <div>
      {count.toLocaleString('en')}
      {part > 0n && <span className="block text-sm text-ink-faint">{`${part.toLocaleString('en')} ${of}`}</span>}
    </div>
  )
}

/** "$1.20", or that it is not known for models without a price. */
export function toCostText({
  costMicros,
  requests,
  unpriced,
}: Pick<UsageTotals, 'costMicros' | 'requests' | 'unpriced'>): string {
  return requests > 0 && unpriced === requests ? 'no price' : toMoneyText(costMicros)
}
