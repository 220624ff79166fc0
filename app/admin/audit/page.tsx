import { ListFilter, ScrollText } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { z } from 'zod'
import { FilterBar } from '#app/ui/forms/filter-bar.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { listAddress } from '#app/ui/lists/list-address.ts'
import { ListCard } from '#app/ui/lists/list-card.tsx'
import { Pager } from '#app/ui/lists/pager.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { AUDIT_ACTIONS, type AuditRow, listAuditEvents } from '#lib/data/audit.ts'
import { toActionText } from './to-action-text.ts'

export const metadata: Metadata = { title: 'Audit' }

const text = z.string().trim().min(1).max(200).optional().catch(undefined)
const Query = z.object({ action: z.enum(AUDIT_ACTIONS).optional().catch(undefined), person: text, after: text })
type Query = z.infer<typeof Query>

/** Who did what to accounts and settings, and when. */
export default async function AuditPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  await requirePageAdmin()
  const query = Query.parse(await searchParams)
  const { after: _, ...filters } = query
  return (
    <>
      <PageHeader
        title="Audit"
        hint="Sign-ins, and every change to accounts, tokens, servers and policies: who did what, and when."
      />
      <FilterBar
        path="/admin/audit"
        texts={[{ name: 'person', label: 'Person', value: query.person, placeholder: 'Name or address' }]}
        menus={[
          {
            name: 'action',
            label: 'What',
            value: query.action,
            options: AUDIT_ACTIONS.map((value) => ({ value, label: toActionText(value) })),
          },
        ]}
      />
      <ListCard address={href(query)} label="Loading events">
        <Events query={query} filtered={href(filters) !== href({})} />
      </ListCard>
    </>
  )
}

async function Events({ query: { after, ...filters }, filtered }: { query: Query; filtered: boolean }) {
  const page = await listAuditEvents({ ...filters, after })
  if (page.data.length === 0)
    return filtered ? (
      <EmptyState icon={ListFilter} title="No event fits these filters">
        Remove a filter.
      </EmptyState>
    ) : (
      <EmptyState icon={ScrollText} title="No events yet">
        Sign-ins and changes are listed here.
      </EmptyState>
    )
  return (
    <>
      <Table
        caption="Events"
        rows={page.data}
        rowKey={({ id }) => id}
        columns={[
          {
            header: 'What',
            lead: true,
            cell: ({ action }) => <span className="font-medium sm:whitespace-nowrap">{toActionText(action)}</span>,
          },
          { header: 'Who', cell: whoOf },
          { header: 'To whom or what', cell: subjectOf },
          { header: 'Detail', cell: detailOf },
          { header: 'When', align: 'end', cell: ({ at }) => <RelativeTime at={at.toISOString()} /> },
        ]}
      />
      <Pager first={after && href(filters)} next={page.after && href({ ...filters, after: page.after })} />
    </>
  )
}

function whoOf({ actorId, actorName }: AuditRow) {
  if (actorName) return actorName
  return <span className="text-ink-faint">{actorId ? 'An account that is gone' : 'Nobody known'}</span>
}

function subjectOf({ action, actorId, subject, subjectName }: AuditRow) {
  if (!subject || subject === actorId) return null
  if (subjectName) return subjectName
  const code = <code className="font-mono text-sm break-all">{subject}</code>
  return action === 'call_repeated' ? (
    <Link
      href={`/admin/tool-calls/${encodeURIComponent(subject)}`}
      className="text-accent underline-offset-2 hover:underline"
    >
      {code}
    </Link>
  ) : (
    code
  )
}

/** The remaining details of an entry, limited to a few lines. */
function detailOf({ detail }: AuditRow) {
  const entries = Object.entries(detail).filter(([, value]) => value !== null && value !== '')
  if (entries.length === 0) return null
  const said = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return (
    <span className="line-clamp-3 text-sm break-all text-ink-soft" title={JSON.stringify(detail, null, 2)}>
      {entries.map(([name, value]) => `${name}: ${said(value)}`).join(', ')}
    </span>
  )
}

function href(query: Query): string {
  return listAddress('/admin/audit', query)
}
