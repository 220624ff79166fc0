import { Search, UserSearch } from 'lucide-react'
import type { Metadata } from 'next'
import Form from 'next/form'
import Link from 'next/link'
import { z } from 'zod'
import { Moment, toDate } from '#app/admin/periods.ts'
import { toToolCallsHref } from '#app/admin/tool-calls/tool-call-query.ts'
import { Badge } from '#app/ui/badge.tsx'
import { TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { listAddress } from '#app/ui/lists/list-address.ts'
import { ListCard } from '#app/ui/lists/list-card.tsx'
import { Pager } from '#app/ui/lists/pager.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { listPeople } from '#lib/data/people/people.ts'
import { countActivePeople } from '#lib/data/runs/overview/read-overview.ts'
import { ManagePerson } from './manage-person.tsx'

export const metadata: Metadata = { title: 'People' }

const text = z.string().trim().min(1).max(200).optional().catch(undefined)
const Query = z.object({ search: text, from: Moment, to: Moment, after: text })
type Query = z.infer<typeof Query>

/** All accounts of this server, with the actions that an admin can take. */
export default async function PeoplePage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const caller = await requirePageAdmin()
  const query = Query.parse(await searchParams)
  return (
    <>
      <PageHeader title="People" hint="Everybody with an account on this server." />
      <Form action="/admin/people" className="mb-4 flex max-w-md gap-2">
        <TextInput
          type="search"
          name="search"
          aria-label="Name or address"
          placeholder="Name or address"
          defaultValue={query.search}
        />
        <SubmitButton tone="secondary">
          <Search aria-hidden className="size-4" />
          Search
        </SubmitButton>
      </Form>
      <ListCard address={href(query)} label="Loading people">
        <People query={query} me={caller.userId} />
      </ListCard>
    </>
  )
}

async function People({ query, me }: { query: Query; me: string }) {
  const { after, ...filters } = query
  const [since, until] = [toDate(query.from), toDate(query.to)]
  const active = since && until && { since, until }
  const [page, count] = await Promise.all([
    listPeople({ search: query.search, active, after }),
    active && !query.search ? countActivePeople(active) : null,
  ])
  if (page.data.length === 0)
    return (
      <EmptyState icon={UserSearch} title="No people found">
        {query.search ? `No name or address contains “${query.search}”.` : 'Nobody was active in this time.'}
      </EmptyState>
    )
  return (
    <>
      {active && count !== null && (
        <p data-total={count} className="border-b border-line px-4 py-2 text-sm text-ink-soft sm:px-5">
          {toCountText(count)} active from <RelativeTime at={active.since.toISOString()} exact /> to{' '}
          <RelativeTime at={active.until.toISOString()} exact />
        </p>
      )}
      <Table
        caption="People"
        rows={page.data}
        rowKey={({ id }) => id}
        columns={[
          {
            header: 'Person',
            lead: true,
            cell: ({ name, email }) => (
              <>
                <span className="block font-medium">{name}</span>
                <span className="block text-sm font-normal break-all text-ink-faint">{email}</span>
              </>
            ),
          },
          {
            header: 'Role',
            cell: ({ role, disabledAt }) =>
              disabledAt ? (
                <Badge tone="bad">Disabled</Badge>
              ) : (
                <Badge tone={role === 'admin' ? 'accent' : 'neutral'}>{role === 'admin' ? 'Admin' : 'Member'}</Badge>
              ),
          },
          { header: 'Joined', cell: ({ createdAt }) => <RelativeTime at={createdAt.toISOString()} /> },
          {
            header: 'Last active',
            cell: ({ lastActiveAt }) => (lastActiveAt ? <RelativeTime at={lastActiveAt.toISOString()} /> : 'never'),
          },
          {
            header: 'Calls (7 d)',
            align: 'end',
            cell: ({ id, calls }) => (
              <Link href={toToolCallsHref({ person: id })} className="text-accent underline-offset-2 hover:underline">
                {toCountText(calls)}
              </Link>
            ),
          },
          {
            header: 'Actions',
            align: 'end',
            cell: (person) =>
              person.id === me ? (
                <span className="text-sm text-ink-faint">You</span>
              ) : (
                <ManagePerson
                  person={{ id: person.id, name: person.name, role: person.role, disabled: person.disabledAt !== null }}
                />
              ),
          },
        ]}
      />
      <Pager first={after && href(filters)} next={page.after && href({ ...filters, after: page.after })} />
    </>
  )
}

function href(query: Query): string {
  return listAddress('/admin/people', query)
}
