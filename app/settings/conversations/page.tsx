import { Share2 } from 'lucide-react'
import { TextLink } from '#app/forms/text-link.tsx'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { listShares, type OwnShare } from '#lib/data/shares/shares.ts'
import type { Translate } from '#lib/platform/language/translate.ts'
import { endSharing } from './actions.ts'
import { ImportForm } from './import-form.tsx'

export const generateMetadata = makeTitle('Conversations')

/** What the person shares. */
export default async function ConversationsPage() {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const shares = await listShares(caller)
  return (
    <div className="max-w-3xl">
      <PageHeader
        title={t('Conversations')}
        hint={t('Those that you share, and those that you bring along from elsewhere.')}
      />
      <div className="grid gap-5">
        <Card
          flush
          title={t('Shared by you')}
          hint={t(
            'Copies that others read by their link. A copy is gone at once when you end it, when its time is over, and when you delete its conversation.',
          )}
        >
          <div className="border-t border-line">
            {shares.length === 0 ? (
              <EmptyState icon={Share2} title={t('You share nothing')}>
                {t('Open a conversation and press “Share and export”.')}
              </EmptyState>
            ) : (
              <Table
                caption={t('Shared by you')}
                rows={shares}
                rowKey={({ id }) => id}
                columns={[
                  {
                    header: t('Conversation'),
                    lead: true,
                    cell: (share) => (
                      <>
                        <TextLink href={`/shared/${share.id}`} className="block wrap-anywhere" dir="auto">
                          {share.title ?? t('Conversation')}
                        </TextLink>
                        <span className="block text-sm font-normal text-ink-soft wrap-anywhere">
                          {describeReaders(share, t)}
                        </span>
                      </>
                    ),
                  },
                  { header: t('Since'), cell: ({ createdAt }) => <RelativeTime at={createdAt.toISOString()} /> },
                  {
                    header: t('Until'),
                    cell: ({ expiresAt }) =>
                      expiresAt < new Date() ? t('Expired') : <RelativeTime at={expiresAt.toISOString()} />,
                  },
                  {
                    header: t('End'),
                    align: 'end',
                    cell: ({ id, title }) => (
                      <ConfirmButton
                        label={t('End')}
                        size="sm"
                        title={t('Stop sharing “{title}”?', { title: title ?? t('Conversation') })}
                        confirmLabel={t('Stop sharing')}
                        fields={{ id }}
                        action={endSharing}
                      >
                        <p>
                          {t(
                            'Its link leads nowhere at once, and its files are deleted. Copies that others made of it stay theirs.',
                          )}
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
          title={t('Import')}
          hint={t(
            'Conversations of ChatGPT (conversations.json, or the archive with it), LibreChat or Switchboard. Only what you and the assistant wrote is taken, without files, pictures and tools, and it is marked as imported.',
          )}
        >
          <ImportForm />
        </Card>
      </div>
    </div>
  )
}

function describeReaders({ addresses, withTools }: OwnShare, t: Translate): string {
  const readers = addresses === null ? t('Everybody who signs in here') : addresses.join(', ')
  return withTools ? t('{readers} · with the work of tools', { readers }) : readers
}
