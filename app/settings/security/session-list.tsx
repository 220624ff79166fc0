'use client'

import { useRouter } from 'next/navigation'
import { sendJson } from '#app/forms/send-json.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Badge } from '#app/ui/badge.tsx'
import { Card } from '#app/ui/card.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import type { Translate } from '#lib/platform/language/translate.ts'
import { SignOutEverywhere } from './sign-out-everywhere.tsx'

type ListedSession = {
  id: string
  browser: string | null
  system: string | null
  signedInAt: string
  lastUsedAt: string
  isThis: boolean
}

/** Where the person is signed in. Each other session is ended by a click, or all of them. */
export function SessionList({ sessions }: { sessions: ListedSession[] }) {
  const t = useTranslate()
  const router = useRouter()
  return (
    <Card
      flush
      title={t('Sessions')}
      hint={t('Where you are signed in. The last use is noted every five minutes. End what you do not know.')}
    >
      <div className="border-t border-line">
        <Table
          caption={t('Sessions')}
          rows={sessions}
          rowKey={({ id }) => id}
          columns={[
            {
              header: t('Browser'),
              lead: true,
              cell: (session) => (
                <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
                  <span className="font-medium wrap-anywhere">{nameBrowser(session, t)}</span>
                  {session.isThis && <Badge tone="ok">{t('This browser')}</Badge>}
                </span>
              ),
            },
            { header: t('Signed in'), cell: ({ signedInAt }) => <RelativeTime at={signedInAt} /> },
            { header: t('Last used'), cell: ({ lastUsedAt }) => <RelativeTime at={lastUsedAt} /> },
            {
              header: t('End'),
              align: 'end',
              cell: (session) =>
                session.isThis ? null : (
                  <ConfirmButton
                    label={t('End')}
                    size="sm"
                    title={t('End the session “{browser}”?', { browser: nameBrowser(session, t) })}
                    confirmLabel={t('End')}
                    action={async () => {
                      const sent = await sendJson('DELETE', `/api/me/sessions/${encodeURIComponent(session.id)}`)
                      if (!sent.ok) return { error: sent.message }
                      router.refresh()
                      return undefined
                    }}
                  >
                    {t('That browser is signed out at once, and answers that it began stop.')}
                  </ConfirmButton>
                ),
            },
          ]}
        />
      </div>
      {sessions.length > 1 && (
        <div className="border-t border-line p-4 sm:p-5">
          <SignOutEverywhere />
        </div>
      )}
    </Card>
  )
}

function nameBrowser({ browser, system }: ListedSession, t: Translate): string {
  if (browser && system) return t('{browser} on {system}', { browser, system })
  return browser ?? system ?? t('Unknown browser')
}
