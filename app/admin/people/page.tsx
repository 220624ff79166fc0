import { Search, UserSearch } from 'lucide-react'
import type { Metadata } from 'next'
import Form from 'next/form'
import Link from 'next/link'
import { z } from 'zod'
import { requirePageAdmin } from '#lib/auth/page-caller.ts'
import { listPeople } from '#lib/data/people.ts'
import { Badge } from '../../ui/badge.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { TextInput } from '../../ui/field.tsx'
import { listAddress } from '../../ui/list-address.ts'
import { ListCard } from '../../ui/list-card.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { Pager } from '../../ui/pager.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { SubmitButton } from '../../ui/submit-button.tsx'
import { Table } from '../../ui/table.tsx'
import { countText } from '../../ui/time-text.ts'
import { toolCallsHref } from '../tool-calls/filter.ts'
import { ManagePerson } from './manage-person.tsx'

export const metadata: Metadata = { title: 'People' }

const text = z.string().trim().min(1).max(200).optional().catch(undefined)
const Query = z.object({ search: text, after: text })
type Query = z.infer<typeof Query>

/** All accounts of this server, with what an admin can do about them. */
export default async function PeoplePage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const caller = await requirePageAdmin()
  const query = Query.parse(await searchParams)
  return (
    <>
      <PageHeader title="People" hint="Everybody with an account on this server." />
      <Form action="/admin/people" className="mb-4 flex max-w-md gap-2">
        <TextInput type="search" name="search" aria-label="Name or address" placeholder="Name or address" defaultValue={query.search} />
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
      <EmptyState icon={UserSearch} title="Nobody found">
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
              <Link href={toolCallsHref({ person: id })} className="text-accent underline-offset-2 hover:underline">
                {countText(calls)}
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
                <ManagePerson person={{ id: person.id, name: person.name, role: person.role, disabled: person.disabledAt !== null }} />
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
