import { ListFilter, Plug } from 'lucide-react'
import type { Metadata } from 'next'
import { Live } from '#app/admin/live.tsx'
import { PERIOD_OPTIONS } from '#app/admin/periods.ts'
import { CALL_STATUS_NAMES } from '#app/calls/call-status.tsx'
import { CallTable } from '#app/calls/call-table.tsx'
import { explainFailure } from '#app/calls/explain-failure.ts'
import { FilterBar } from '#app/ui/forms/filter-bar.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { ListCard } from '#app/ui/lists/list-card.tsx'
import { Pager } from '#app/ui/lists/pager.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { listToolCallFacets, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { parseToolCallQuery, type ToolCallQuery, toLedgerFilter, toToolCallsHref } from './tool-call-query.ts'

export const metadata: Metadata = { title: 'Tool calls' }

/** Everyone's tool calls, newest first, with filters in the address. */
export default async function ToolCallsPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  await requirePageAdmin()
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
      <Filters query={query} />
      <ListCard address={toToolCallsHref(query)} label="Loading tool calls">
        <Calls query={query} />
      </ListCard>
    </>
  )
}

let kept: { at: number; facets: ReturnType<typeof listToolCallFacets> } | undefined

/**
 * The options of the menus, cached for 30 seconds: counting them reads the whole ledger, and the
 * page refreshes at each call.
 */
function recentFacets(): ReturnType<typeof listToolCallFacets> {
  if (!kept || Date.now() - kept.at > 30_000) {
    const facets = listToolCallFacets({ admin: true })
    kept = { at: Date.now(), facets }
    facets.catch(() => {
      kept = undefined
    })
  }
  return kept.facets
}

async function Filters({ query }: { query: ToolCallQuery }) {
  const facets = await recentFacets()
  const plain = (values: string[]) => values.map((value) => ({ value, label: value }))
  return (
    <FilterBar
      path="/admin/tool-calls"
      keep={{ ...(query.thread && { thread: query.thread }), ...(query.person && { person: query.person }) }}
      texts={query.person ? [] : [{ name: 'who', label: 'Person', value: query.who, placeholder: 'Name or address' }]}
      menus={[
        {
          name: 'status',
          label: 'Status',
          value: query.status,
          options: Object.entries(CALL_STATUS_NAMES).map(([value, label]) => ({ value, label })),
        },
        { name: 'tool', label: 'Tool', value: query.tool, options: plain(facets.tools) },
        { name: 'server', label: 'Server', value: query.server, options: plain(facets.servers) },
        {
          name: 'failure',
          label: 'Failure',
          value: query.failure,
          options: facets.failureClasses.map((value) => ({ value, label: explainFailure(value).title })),
        },
        {
          name: 'since',
          label: 'Time',
          value: query.since,
          options: PERIOD_OPTIONS,
        },
      ]}
    />
  )
}

async function Calls({ query }: { query: ToolCallQuery }) {
  const page = await listToolCalls({ admin: true }, toLedgerFilter(query))
  const { after, ...filters } = query
  if (page.data.length === 0) return <NoCalls filtered={toToolCallsHref(query) !== toToolCallsHref({})} />
  return (
    <>
      <CallTable calls={page.data} href={({ id }) => `/admin/tool-calls/${id}`} withPerson />
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
