import { Activity, ListFilter } from 'lucide-react'
import { z } from 'zod'
import { CALL_STATUS_NAMES } from '#app/calls/call-status.tsx'
import { CallTable } from '#app/calls/call-table.tsx'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { LinkButton } from '#app/ui/button.tsx'
import { FilterBar } from '#app/ui/forms/filter-bar.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { listAddress } from '#app/ui/lists/list-address.ts'
import { ListCard } from '#app/ui/lists/list-card.tsx'
import { Pager } from '#app/ui/lists/pager.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { listToolCalls, type ToolCallStatus } from '#lib/data/runs/tool-calls.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

export const generateMetadata = makeTitle('Activity')

const Query = z.object({
  status: z.enum(['pending', 'succeeded', 'failed', 'declined', 'cancelled', 'unknown']).optional().catch(undefined),
  after: z.string().min(1).max(200).optional().catch(undefined),
})
type Query = z.infer<typeof Query>

/** The person's own tool calls: what was done for them, when, with what, and how it ended. */
export default async function ActivityPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const query = Query.parse(await searchParams)
  return (
    <>
      <PageHeader
        title={t('Activity')}
        hint={t(
          'What the assistant, and any client that holds one of your tokens, did for you. Only you and the admins see it.',
        )}
      />
      <FilterBar
        path="/activity"
        menus={[
          {
            name: 'status',
            label: t('Outcome'),
            value: query.status,
            options: Object.entries(CALL_STATUS_NAMES).map(([value, label]) => ({ value, label: t(label) })),
          },
        ]}
      />
      <ListCard address={href(query)} label={t('Loading your activity')}>
        <Calls caller={caller} query={query} />
      </ListCard>
    </>
  )
}

async function Calls({ caller, query }: { caller: Caller; query: Query }) {
  const page = await listToolCalls({ caller }, query)
  if (page.data.length === 0) return <NoCalls status={query.status} />
  return (
    <>
      <CallTable calls={page.data} href={({ id }) => `/activity/${id}`} />
      <Pager
        first={query.after && href({ status: query.status })}
        next={page.after && href({ status: query.status, after: page.after })}
      />
    </>
  )
}

async function NoCalls({ status }: { status?: ToolCallStatus }) {
  const t = await readTranslate()
  if (status)
    return (
      <EmptyState icon={ListFilter} title={t('No calls with this outcome')}>
        {t('Choose another outcome.')}
      </EmptyState>
    )
  return (
    <EmptyState
      icon={Activity}
      title={t('No activity yet')}
      action={
        <LinkButton href="/chat" tone="primary">
          {t('Go to the chat')}
        </LinkButton>
      }
    >
      {t('When you ask for something that needs a tool, each step is listed here.')}
    </EmptyState>
  )
}

function href(query: Query): string {
  return listAddress('/activity', query)
}
