import { Search, UserSearch } from 'lucide-react'
import type { Metadata } from 'next'
import Form from 'next/form'
import Link from 'next/link'
import { z } from 'zod'
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
import { ManagePerson } from './manage-person.tsx'

export const metadata: Metadata = { title: 'People' }

const text = z.string().trim().min(1).max(200).optional().catch(undefined)
const Query = z.object({ search: text, after: text })
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

async function People({ query: { search, after }, me }: { query: Query; me: string }) {
  const page = await listPeople({ search, after })
  if (page.data.length === 0)
    return (
      <EmptyState icon={UserSearch} title="No people found">
        No name or address contains “{search}”.
      </EmptyState>
    )
  return (
    <>
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
      <Pager first={after && href({ search })} next={page.after && href({ search, after: page.after })} />
    </>
  )
}

function href(query: Query): string {
  return listAddress('/admin/people', query)
}
