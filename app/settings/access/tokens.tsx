'use client'

import { KeyRound } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { sendJson } from '#app/forms/send-json.ts'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { Badge } from '#app/ui/badge.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { CodeBlock } from '#app/ui/code-block.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Pager } from '#app/ui/lists/pager.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { Connect } from './connect.tsx'
import { NewTokenForm } from './new-token-form.tsx'

type Token = {
  id: string
  name: string
  scopes: string[]
  createdAt: string
  lastUsedAt: string | null
  /** The last day in UTC, in words for people; null for a token that does not expire. */
  expiresOn: string | null
  expired: boolean
}

type Props = {
  endpoint: string
  scopes: { id: string; label: string }[]
  tokens: Token[]
  /** The addresses of the first and the next page, if there are such pages. */
  first?: string
  next?: string
}

/**
 * The person's tokens for scripts and MCP clients, page by page. A new one is shown once; each can
 * be revoked.
 */
export function Tokens({ endpoint, scopes, tokens, first, next }: Props) {
  const t = useTranslate()
  const router = useRouter()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<string | null>(null)

  return (
    <Card
      flush
      title={t('Personal tokens')}
      hint={t('For scripts, and for MCP clients that cannot sign in by themselves.')}
      actions={
        !making && (
          <Button
            size="sm"
            onClick={() => {
              setMade(null)
              setMaking(true)
            }}
          >
            {t('New token')}
          </Button>
        )
      }
    >
      {making && (
        <div className="border-t border-line p-4 sm:p-5">
          <NewTokenForm
            scopes={scopes}
            onCancel={() => setMaking(false)}
            onMade={(token) => {
              setMade(token)
              setMaking(false)
              router.refresh()
            }}
          />
        </div>
      )}
      {made && <MadeToken token={made} endpoint={endpoint} />}
      <div id="tokens" className="border-t border-line">
        {tokens.length === 0 ? (
          <EmptyState icon={KeyRound} title={t('No tokens')}>
            {t('Make one to use your tools from a script or another MCP client.')}
          </EmptyState>
        ) : (
          <TokenTable tokens={tokens} />
        )}
        <Pager first={first} next={next} />
      </div>
    </Card>
  )
}

/** A token that was just made, which nobody can look up again. */
function MadeToken({ token, endpoint }: { token: string; endpoint: string }) {
  const t = useTranslate()
  return (
    <div className="border-t border-line p-4 sm:p-5">
      <Notice tone="ok" announce title={t('Copy your token now: it is not shown again')}>
        <div className="mt-2 grid gap-2">
          <CodeBlock text={token} label={t('token')} wrap />
          <p>
            {t.rich('Send it as <code>Authorization: Bearer …</code>, or paste it into a client:', {
              code: (chunks) => <code className="font-mono">{chunks}</code>,
            })}
          </p>
          <Connect endpoint={endpoint} token={token} />
        </div>
      </Notice>
    </div>
  )
}

function TokenTable({ tokens }: { tokens: Token[] }) {
  const t = useTranslate()
  const router = useRouter()
  return (
    <Table
      caption={t('Personal tokens')}
      rows={tokens}
      rowKey={({ id }) => id}
      columns={[
        {
          header: t('Name'),
          lead: true,
          cell: ({ name, scopes: allowed }) => (
            <>
              <span className="block font-medium">{name}</span>
              <span className="block text-sm font-normal text-ink-faint">{allowed.join(', ')}</span>
            </>
          ),
        },
        { header: t('Created'), cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
        {
          header: t('Last used'),
          cell: ({ lastUsedAt }) => (lastUsedAt ? <RelativeTime at={lastUsedAt} /> : t('never')),
        },
        {
          header: t('Expires'),
          cell: ({ expiresOn, expired }) =>
            expired ? <Badge tone="warn">{t('Expired')}</Badge> : (expiresOn ?? t('never')),
        },
        {
          header: t('Revoke'),
          align: 'end',
          cell: ({ id, name }) => (
            <ConfirmButton
              label={t('Revoke')}
              size="sm"
              title={t('Revoke “{name}”?', { name })}
              confirmLabel={t('Revoke')}
              action={async () => {
                const sent = await sendJson('DELETE', `/api/me/tokens/${id}`)
                if (!sent.ok) return { error: sent.message }
                router.refresh()
                return undefined
              }}
            >
              {t('Whatever uses this token stops working at once.')}
            </ConfirmButton>
          ),
        },
      ]}
    />
  )
}
