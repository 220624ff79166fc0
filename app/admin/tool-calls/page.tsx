import { ListFilter, Plug } from 'lucide-react'
import type { Metadata } from 'next'
import { makeCommonFilters } from '#app/admin/lists/common-filters.ts'
import { ListTotals } from '#app/admin/lists/list-totals.tsx'
import { ViewLinks } from '#app/admin/lists/view-links.tsx'
import { Live } from '#app/admin/live.tsx'
import { CALL_STATUS_NAMES } from '#app/calls/call-status.tsx'
import { CallTable } from '#app/calls/call-table.tsx'
import { explainFailure } from '#app/calls/explain-failure.ts'
import { FilterBar } from '#app/ui/forms/filter-bar.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { ListCard } from '#app/ui/lists/list-card.tsx'
import { Pager } from '#app/ui/lists/pager.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { NOBODY } from '#lib/data/runs/lists/call-conditions.ts'
import { listCallFacets } from '#lib/data/runs/lists/call-facets.ts'
import {
  countToolCalls,
  FAILURE_CLASSES,
  limitSearch,
  listToolCalls,
  SEARCHED_CALLS,
} from '#lib/data/runs/tool-calls.ts'
import { parseToolCallQuery, type ToolCallQuery, toLedgerFilter, toToolCallsHref } from './tool-call-query.ts'

export const metadata: Metadata = { title: 'Tool calls' }

/** Everyone's tool calls, newest first, with filters in the address. */
export default async function ToolCallsPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const caller = await requirePageAdmin()
  const query = parseToolCallQuery(await searchParams)
  const person = query.person ? await findPerson(query.person) : null
  return (
    <>
      <PageHeader
        title={person ? `Tool calls of ${person.name}` : 'Tool calls'}
        actions={!query.after && <Live />}
        hint={
          person?.email ??
          'Every call that the assistant or an outside MCP client made, written down before it was sent.'
        }
      />
      <ViewLinks caller={caller} list="tool-calls" href={toToolCallsHref({ ...query, after: undefined })} />
      <Filters query={query} />
      <ListCard address={toToolCallsHref(query)} label="Loading tool calls">
        <Calls query={query} />
      </ListCard>
    </>
  )
}

async function Filters({ query }: { query: ToolCallQuery }) {
  const facets = await listCallFacets()
  const common = makeCommonFilters(query, facets)
  return (
    <FilterBar
      path="/admin/tool-calls"
      further="More filters"
      keep={{ ...(query.person && { person: query.person }) }}
      texts={[
        { name: 'search', label: 'Search', value: query.search, placeholder: 'In arguments and results' },
        ...common.texts,
        { name: 'run', label: 'Run', value: query.run, placeholder: 'run_…', further: true },
      ]}
      menus={[
        {
          name: 'status',
          label: 'Status',
          value: query.status,
          options: [
            ...Object.entries(CALL_STATUS_NAMES).map(([value, label]) => ({ value, label })),
            { value: 'unsuccessful', label: 'Failed or unknown' },
            { value: 'made', label: 'All but declined' },
          ],
        },
        {
          name: 'failure',
          label: 'Failure',
          value: query.failure,
          options: FAILURE_CLASSES.map((value) => ({ value, label: explainFailure(value).title })),
        },
        ...common.menus,
        {
          name: 'client',
          label: 'Client',
          value: query.client,
          options: [
            ...facets.clients.map((value) => ({ value, label: value })),
            { value: NOBODY, label: 'No outside client' },
          ],
          further: true,
        },
        {
          name: 'via',
          label: 'Made by',
          value: query.via,
          options: [
            { value: 'chat', label: 'Assistant' },
            { value: 'mcp', label: 'MCP client' },
            { value: 'repeat', label: 'Repetition' },
          ],
          further: true,
        },
        {
          name: 'times',
          label: 'Times',
          value: query.times,
          none: 'In words',
          options: [{ value: 'exact', label: 'Exact' }],
          further: true,
        },
      ]}
    />
  )
}

async function Calls({ query }: { query: ToolCallQuery }) {
  const { after, ...filters } = query
  const scope = { admin: true } as const
  const { filter, isCut } = await limitSearch(scope, toLedgerFilter(query))
  const [page, totals] = await Promise.all([listToolCalls(scope, filter), countToolCalls(scope, filter)])
  if (page.data.length === 0) return <NoCalls filtered={toToolCallsHref(query) !== toToolCallsHref({})} />
  return (
    <>
      <ListTotals
        total={totals.calls}
        things={totals.calls === 1 ? 'call' : 'calls'}
        failed={{ count: totals.failed, href: toToolCallsHref({ ...filters, status: 'unsuccessful' }) }}
        exportHref={toToolCallsHref(filters).replace('/admin/', '/api/admin/')}
      >
        {` · ${toDurationText(totals.tookMs)} in all`}
        {isCut &&
          ` · searched the newest ${toCountText(SEARCHED_CALLS)} that fit the other filters: choose an earlier time to look further back`}
      </ListTotals>
      <CallTable
        calls={page.data}
        href={({ id }) => `/admin/tool-calls/${id}`}
        withPerson
        exactTimes={query.times === 'exact'}
      />
      <Pager
        first={after && toToolCallsHref(filters)}
        next={page.after && toToolCallsHref({ ...filters, after: page.after })}
      />
    </>
  )
}

function NoCalls({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <EmptyState icon={ListFilter} title="No call fits these filters">
      Remove a filter, or choose a longer time.
    </EmptyState>
  ) : (
    <EmptyState icon={Plug} title="No tool calls yet">
      They appear here with the first one, for example after “Add a task: buy milk tomorrow” in the chat.
    </EmptyState>
  )
}
