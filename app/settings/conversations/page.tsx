import { Share2 } from 'lucide-react'
import type { Metadata } from 'next'
import { TextLink } from '#app/forms/text-link.tsx'
import { Card } from '#app/ui/card.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { listShares, type OwnShare } from '#lib/data/shares/shares.ts'
import { endSharing } from './actions.ts'
import { ImportForm } from './import-form.tsx'

export const metadata: Metadata = { title: 'Conversations' }

/** What the person shares. */
export default async function ConversationsPage() {
  const caller = await requirePageCaller()
  const shares = await listShares(caller)
  return (
    <div className="max-w-3xl">
      <PageHeader
        back={{ href: '/settings', label: 'Settings' }}
        title="Conversations"
        hint="Those that you share, and those that you bring along from elsewhere."
      />
      <div className="grid gap-5">
        <Card
          flush
          title="Shared by you"
          hint="Copies that others read by their link. A copy is gone at once when you end it, when its time is over, and when you delete its conversation."
        >
          <div className="border-t border-line">
            {shares.length === 0 ? (
              <EmptyState icon={Share2} title="You share nothing">
                Open a conversation and press “Share and export”.
              </EmptyState>
            ) : (
              <Table
                caption="Shared by you"
                rows={shares}
                rowKey={({ id }) => id}
                columns={[
                  {
                    header: 'Conversation',
                    lead: true,
                    cell: (share) => (
                      <>
                        <TextLink href={`/shared/${share.id}`} className="block wrap-anywhere" dir="auto">
                          {share.title ?? 'Conversation'}
                        </TextLink>
                        <span className="block text-sm font-normal text-ink-soft wrap-anywhere">
                          {describeReaders(share)}
                        </span>
                      </>
                    ),
                  },
                  { header: 'Since', cell: ({ createdAt }) => <RelativeTime at={createdAt.toISOString()} /> },
                  {
                    header: 'Until',
                    cell: ({ expiresAt }) =>
                      expiresAt < new Date() ? 'over' : <RelativeTime at={expiresAt.toISOString()} />,
                  },
                  {
                    header: 'End',
                    align: 'end',
                    cell: ({ id, title }) => (
                      <ConfirmButton
                        label="End"
                        size="sm"
                        title={`Stop sharing “${title ?? 'Conversation'}”?`}
                        confirmLabel="Stop sharing"
                        fields={{ id }}
                        action={endSharing}
                      >
                        <p>
                          Its link leads nowhere at once, and its files are deleted. Copies that others made of it stay
                          theirs.
                        </p>
                      </ConfirmButton>
                    ),
                  },
                ]}
              />
            )}
          </div>
        </Card>
        <Card
          title="Import"
          hint="Conversations of ChatGPT (conversations.json, or the archive with it), LibreChat or Switchboard. Only what you and the assistant wrote is taken, without files, pictures and tools, and it is marked as imported."
        >
          <ImportForm />
        </Card>
      </div>
    </div>
  )
}

function describeReaders({ addresses, withTools }: OwnShare): string {
  const readers = addresses === null ? 'Everybody who signs in here' : addresses.join(', ')
  return withTools ? `${readers} · with the work of tools` : readers
}
