import { ListFilter, MessagesSquare } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { z } from 'zod'
import { Live } from '#app/admin/live.tsx'
import { PERIOD_OPTIONS, Period, startOf } from '#app/admin/periods.ts'
import { RUN_STATUS_NAMES, RunStatusBadge } from '#app/calls/call-status.tsx'
import { explainFailure } from '#app/calls/explain-failure.ts'
import { FilterBar } from '#app/ui/forms/filter-bar.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { listAddress } from '#app/ui/lists/list-address.ts'
import { ListCard } from '#app/ui/lists/list-card.tsx'
import { Pager } from '#app/ui/lists/pager.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { RUN_FAILURES } from '#lib/data/runs/run-failures.ts'
import { listRuns } from '#lib/data/runs/run-list.ts'

export const metadata: Metadata = { title: 'Runs' }

const STATUSES = ['queued', 'running', 'waiting', 'done', 'stopped', 'interrupted', 'failed'] as const
const text = z.string().trim().min(1).max(200).optional().catch(undefined)
const Query = z.object({
  status: z.enum(STATUSES).optional().catch(undefined),
  failure: text,
  since: Period,
  person: text,
  after: text,
})
type Query = z.infer<typeof Query>

/** Everyone's runs, newest first: which ones wait, what failed, how fast they are. */
export default async function RunsPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  await requirePageAdmin()
  const query = Query.parse(await searchParams)
  return (
    <>
      <PageHeader
        title="Runs"
        hint="Each turn of the assistant. What was said in it is the person’s own and not shown."
        actions={!query.after && <Live />}
      />
      <FilterBar
        path="/admin/runs"
        texts={[{ name: 'person', label: 'Person', value: query.person, placeholder: 'Name or address' }]}
        menus={[
          {
            name: 'status',
            label: 'State',
            value: query.status,
            options: STATUSES.map((value) => ({ value, label: RUN_STATUS_NAMES[value] })),
          },
          {
            name: 'failure',
            label: 'Failure',
            value: query.failure,
            options: [
              ...Object.entries(RUN_FAILURES).map(([value, { title }]) => ({ value, label: title })),
              { value: 'interrupted', label: RUN_STATUS_NAMES.interrupted },
            ],
          },
          {
            name: 'since',
            label: 'When',
            value: query.since,
            options: PERIOD_OPTIONS,
          },
        ]}
      />
      <ListCard address={href(query)} label="Loading runs">
        <Runs query={query} />
      </ListCard>
    </>
  )
}

async function Runs({ query: { after, ...filters } }: { query: Query }) {
  const page = await listRuns({ ...filters, since: startOf(filters.since), after })
  if (page.data.length === 0)
    return href(filters) === href({}) ? (
      <EmptyState icon={MessagesSquare} title="No runs yet">
        They appear with the first message in a chat.
      </EmptyState>
    ) : (
      <EmptyState icon={ListFilter} title="No run fits these filters">
        Remove a filter.
      </EmptyState>
    )
  const between = (from: Date, to: Date | null) => (to ? toDurationText(to.getTime() - from.getTime()) : null)
  return (
    <>
      <Table
        caption="Runs"
        rows={page.data}
        rowKey={({ id }) => id}
        columns={[
          {
            header: 'Person',
            lead: true,
            cell: ({ id, name, email }) => (
              <Link
                href={`/admin/runs/${id}`}
                title={email}
                className="after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-accent"
              >
                {name}
              </Link>
            ),
          },
          {
            header: 'State',
            cell: ({ status, failureClass }) => (
              <span className="grid min-w-32 gap-0.5">
                <RunStatusBadge status={status} />
                {failureClass && (
                  <span className="text-sm text-ink-soft">{explainFailure(failureClass, RUN_FAILURES).title}</span>
                )}
              </span>
            ),
          },
          { header: 'Model', cell: ({ model, provider }) => model && <Answered model={model} provider={provider} /> },
          { header: 'Calls', align: 'end', cell: ({ calls }) => toCountText(calls) },
          {
            header: 'First words after',
            align: 'end',
            cell: ({ createdAt, firstDeltaAt }) => between(createdAt, firstDeltaAt),
          },
          { header: 'Took', align: 'end', cell: ({ createdAt, finishedAt }) => between(createdAt, finishedAt) },
          { header: 'When', align: 'end', cell: ({ createdAt }) => <RelativeTime at={createdAt.toISOString()} /> },
        ]}
      />
      <Pager first={after && href(filters)} next={page.after && href({ ...filters, after: page.after })} />
    </>
  )
}

function href(query: Query): string {
  return listAddress('/admin/runs', query)
}

function Answered({ model, provider }: { model: string; provider: string | null }) {
  return (
    <span className="wrap-anywhere">
      {model}
      {provider && <span className="block text-sm text-ink-faint">{provider}</span>}
    </span>
  )
}
