'use client'

import { Plug } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { sendJson } from '#app/forms/send-json.ts'
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
  const router = useRouter()
  return (
    <Card
      flush
      title="Authorized apps"
      hint={
        <>
          MCP clients that act for you at <code className="font-mono break-all">{endpoint}</code>
        </>
      }
    >
      <div className="border-t border-line">
        {apps.length === 0 ? (
          <EmptyState icon={Plug} title="No authorized apps">
            Add the address to an MCP client. It leads you here and asks before it may do anything.
          </EmptyState>
        ) : (
          <Table
            caption="Authorized apps"
            rows={apps}
            rowKey={({ clientId }) => clientId}
            columns={[
              {
                header: 'App',
                lead: true,
                cell: ({ name, host, permissions }) => (
                  <>
                    <span className="block font-medium wrap-anywhere">{name}</span>
                    <span className="block text-sm font-normal text-ink-soft wrap-anywhere">{host}</span>
                    <span className="block text-sm font-normal text-ink-faint">{permissions.join(' · ')}</span>
                  </>
                ),
              },
              { header: 'Since', cell: ({ since }) => <RelativeTime at={since} /> },
              {
                header: 'Last used',
                cell: ({ lastUsedAt }) => (lastUsedAt ? <RelativeTime at={lastUsedAt} /> : 'never'),
              },
              {
                header: 'Remove',
                align: 'end',
                cell: ({ clientId, name }) => (
                  <ConfirmButton
                    label="Remove"
                    size="sm"
                    title={`Remove “${name}”?`}
                    confirmLabel="Remove"
                    action={async () => {
                      const sent = await sendJson('DELETE', '/api/me/clients', { client_id: clientId })
                      if (!sent.ok) return { error: sent.message }
                      router.refresh()
                      return undefined
                    }}
                  >
                    It loses access at once. To get it back, it has to ask you again.
                  </ConfirmButton>
                ),
              },
            ]}
          />
        )}
      </div>
      <details className="border-t border-line p-4 sm:p-5">
        <summary className="cursor-pointer font-medium">Connect an app</summary>
        <div className="mt-4">
          <Connect endpoint={endpoint} />
        </div>
      </details>
    </Card>
  )
}
