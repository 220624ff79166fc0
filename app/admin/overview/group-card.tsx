import type { SpanQuery } from '#app/admin/periods.ts'
import { LinkButton } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import { NOBODY } from '#lib/data/runs/lists/call-conditions.ts'
import { type Group, groupCalls, groupRuns } from '#lib/data/runs/overview/read-overview.ts'
import type { Span } from '#lib/data/runs/overview/span.ts'
import { Figure } from './figure.tsx'
import { GROUPINGS, type Grouping, toCalls, toOverview, toRuns } from './overview-links.ts'

const NAMES: Record<Grouping, { head: string; none: string }> = {
  tool: { head: 'Tool', none: 'None' },
  server: { head: 'Server', none: 'None' },
  client: { head: 'Client', none: 'The assistant' },
  model: { head: 'Model', none: 'None' },
  assistant: { head: 'Assistant', none: 'Built in' },
}

/** The calls by tool, server or client, or the runs by model or assistant. */
export async function GroupCard({ span, by, query }: { span: Span; by: Grouping; query: SpanQuery }) {
  const isRuns = by === 'model' || by === 'assistant'
  const groups = isRuns ? await groupRuns(span, by) : await groupCalls(span, by)
  const href = ({ name }: Group, isFailed: boolean) =>
    isRuns
      ? toRuns(span, { [by]: name, ...(isFailed && { status: 'unsuccessful' }) })
      : toCalls(span, { [by]: name, ...(isFailed && { status: 'unsuccessful' }) })
  return (
    <Card
      title={isRuns ? 'Runs by' : 'Tool calls by'}
      hint={isRuns ? 'The 20 with the most runs' : 'The 20 with the most calls'}
      flush
      actions={
        <nav aria-label="Group by" className="flex flex-wrap gap-1">
          {GROUPINGS.map((name) => (
            <LinkButton
              key={name}
              size="sm"
              scroll={false}
              tone={name === by ? 'secondary' : 'quiet'}
              href={toOverview({ ...query, by: name })}
              aria-current={name === by ? 'page' : undefined}
            >
              {NAMES[name].head}
            </LinkButton>
          ))}
        </nav>
      }
    >
      {groups.length === 0 ? (
        <EmptyState title="Nothing in this time">Choose a longer time.</EmptyState>
      ) : (
        <Table
          caption={`By ${by}`}
          rows={groups}
          rowKey={({ name }) => name}
          columns={[
            {
              header: NAMES[by].head,
              lead: true,
              cell: ({ name }) =>
                name === NOBODY ? NAMES[by].none : <span className="font-mono text-sm wrap-anywhere">{name}</span>,
            },
            {
              header: isRuns ? 'Runs' : 'Calls',
              align: 'end',
              cell: (group) => (
                <Figure count={group.count} href={href(group, false)}>
                  {toCountText(group.count)}
                </Figure>
              ),
            },
            {
              header: 'Failed',
              align: 'end',
              cell: (group) => (
                <Figure count={group.failed} href={href(group, true)} tone="bad">
                  {toCountText(group.failed)}
                  {group.failed > 0 && ` (${Math.round((group.failed / group.count) * 100)} %)`}
                </Figure>
              ),
            },
            { header: 'p50', align: 'end', cell: ({ p50 }) => toDurationText(p50) },
            { header: 'p95', align: 'end', cell: ({ p95 }) => toDurationText(p95) },
          ]}
        />
      )}
    </Card>
  )
}
