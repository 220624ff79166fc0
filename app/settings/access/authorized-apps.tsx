'use client'

import { Plug } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { sendJson } from '#app/forms/send-json.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Card } from '#app/ui/card.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { Connect } from './connect.tsx'

type AuthorizedApp = {
  clientId: string
  name: string
  host: string
  permissions: string[]
  since: string
  lastUsedAt: string | null
}

/**
 * The apps that the person has authorized, each with a button to remove it, and how to add another.
 */
export function AuthorizedApps({ endpoint, apps }: { endpoint: string; apps: AuthorizedApp[] }) {
  const t = useTranslate()
  const router = useRouter()
  return (
    <Card
      flush
      title={t('Authorized apps')}
      hint={t.rich('MCP clients that act for you at {endpoint}', {
        endpoint: <code className="font-mono break-all">{endpoint}</code>,
      })}
    >
      <div className="border-t border-line">
        {apps.length === 0 ? (
          <EmptyState icon={Plug} title={t('No authorized apps')}>
            {t('Add the address to an MCP client. It leads you here and asks before it may do anything.')}
          </EmptyState>
        ) : (
          <Table
            caption={t('Authorized apps')}
            rows={apps}
            rowKey={({ clientId }) => clientId}
            columns={[
              {
                header: t('App'),
                lead: true,
                cell: ({ name, host, permissions }) => (
                  <>
                    <span className="block font-medium wrap-anywhere">{name}</span>
                    <span className="block text-sm font-normal text-ink-soft wrap-anywhere">{host}</span>
                    <span className="block text-sm font-normal text-ink-faint">{permissions.join(' · ')}</span>
                  </>
                ),
              },
              { header: t('Since'), cell: ({ since }) => <RelativeTime at={since} /> },
              {
                header: t('Last used'),
                cell: ({ lastUsedAt }) => (lastUsedAt ? <RelativeTime at={lastUsedAt} /> : t('never')),
              },
              {
                header: t('Remove'),
                align: 'end',
                cell: ({ clientId, name }) => (
                  <ConfirmButton
                    label={t('Remove')}
                    size="sm"
                    title={t('Remove “{name}”?', { name })}
                    confirmLabel={t('Remove')}
                    action={async () => {
                      const sent = await sendJson('DELETE', '/api/me/clients', { client_id: clientId })
                      if (!sent.ok) return { error: sent.message }
                      router.refresh()
                      return undefined
                    }}
                  >
                    {t('It loses access at once. To get it back, it has to ask you again.')}
                  </ConfirmButton>
                ),
              },
            ]}
          />
        )}
      </div>
      <details className="border-t border-line p-4 sm:p-5">
        <summary className="cursor-pointer font-medium">{t('Connect an app')}</summary>
        <div className="mt-4">
          <Connect endpoint={endpoint} />
        </div>
      </details>
    </Card>
  )
}
