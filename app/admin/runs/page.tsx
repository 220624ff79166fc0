import { ListFilter, MessagesSquare } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { makeCommonFilters } from '#app/admin/lists/common-filters.ts'
import { ListTotals } from '#app/admin/lists/list-totals.tsx'
import { ViewLinks } from '#app/admin/lists/view-links.tsx'
import { Live } from '#app/admin/live.tsx'
import { RUN_STATUS_NAMES, RunStatusBadge } from '#app/calls/call-status.tsx'
import { explainFailure } from '#app/calls/explain-failure.ts'
import { FilterBar } from '#app/ui/forms/filter-bar.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { ListCard } from '#app/ui/lists/list-card.tsx'
import { Pager } from '#app/ui/lists/pager.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { listCallFacets } from '#lib/data/runs/lists/call-facets.ts'
import { RUN_FAILURES } from '#lib/data/runs/run-failures.ts'
import { countRuns, listRuns } from '#lib/data/runs/run-list.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'
import { parseRunQuery, RUN_STATUSES, type RunQuery, toRunFilter, toRunsHref } from './run-query.ts'

export const metadata: Metadata = { title: 'Runs' }

/** Everyone's runs, newest first: which ones wait, what failed, how fast they are. */
export default async function RunsPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const caller = await requirePageAdmin()
  const query = parseRunQuery(await searchParams)
  return (
    <>
      <PageHeader
        title="Runs"
        hint="Each turn of the assistant. What was said in it is the person’s own and not shown."
        actions={!query.after && <Live />}
      />
      <ViewLinks caller={caller} list="runs" href={toRunsHref({ ...query, after: undefined })} />
      <Filters query={query} />
      <ListCard address={toRunsHref(query)} label="Loading runs">
        <Runs query={query} />
      </ListCard>
    </>
  )
}

async function Filters({ query }: { query: RunQuery }) {
  const { texts, menus } = makeCommonFilters(query, await listCallFacets())
  return (
    <FilterBar
      path="/admin/runs"
      further="More filters"
      keep={{ ...(query.person && { person: query.person }) }}
      texts={[
        ...texts,
        { name: 'waited', label: 'First words after (ms)', value: query.waited, type: 'number', further: true },
      ]}
      menus={[
        {
          name: 'status',
          label: 'State',
          value: query.status,
          options: [
            ...RUN_STATUSES.map((value) => ({ value, label: RUN_STATUS_NAMES[value] })),
            { value: 'unsuccessful', label: 'Failed or interrupted' },
          ],
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
        ...menus,
      ]}
    />
  )
}

async function Runs({ query }: { query: RunQuery }) {
  const { after, ...filters } = query
  const filter = toRunFilter(query)
  const [page, totals] = await Promise.all([listRuns(filter), countRuns(filter)])
  if (page.data.length === 0)
    return toRunsHref(filters) === toRunsHref({}) ? (
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
      <ListTotals
        total={totals.runs}
        things={totals.runs === 1 ? 'run' : 'runs'}
        failed={{ count: totals.failed, href: toRunsHref({ ...filters, status: 'unsuccessful' }) }}
        exportHref={toRunsHref(filters).replace('/admin/', '/api/admin/')}
      >
        {' · '}
        <span data-tokens={totals.tokens} data-cost={String(totals.costMicros)}>
          {toCountText(totals.tokens)} tokens · {toMoneyText(totals.costMicros)}
        </span>
      </ListTotals>
      <Table
        caption="Runs"
        rows={page.data}
        rowKey={({ id }) => id}
        columns={[
          {
            header: 'Person',
            lead: true,
            cell: ({ id, name, email }) => (
              <Link href={`/admin/runs/${id}`} title={email} className="row-link">
                {name}
              </Link>
            ),
          },
          {
            header: 'State',
            cell: ({ status, failureClass }) => (
              <span>
                <RunStatusBadge status={status} />
                {failureClass && <span className="cell-note">{explainFailure(failureClass, RUN_FAILURES).title}</span>}
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
          {
            header: 'When',
            align: 'end',
            cell: ({ createdAt }) => <RelativeTime at={createdAt.toISOString()} exact={query.times === 'exact'} />,
          },
        ]}
      />
      <Pager first={after && toRunsHref(filters)} next={page.after && toRunsHref({ ...filters, after: page.after })} />
    </>
  )
}

function Answered({ model, provider }: { model: string; provider: string | null }) {
  return (
    <span className="wrap-anywhere">
      {model}
      {provider && <span className="block text-sm text-ink-faint">{provider}</span>}
    </span>
  )
}
