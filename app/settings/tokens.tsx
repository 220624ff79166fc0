'use client'

import { KeyRound } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { sendJson } from '#app/forms/send-json.ts'
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
  const router = useRouter()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<string | null>(null)

  return (
    <Card
      flush
      title="Personal tokens"
      hint="For scripts, and for MCP clients that cannot sign in by themselves."
      actions={
        !making && (
          <Button
            size="sm"
            onClick={() => {
              setMade(null)
              setMaking(true)
            }}
          >
            New token
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
          <EmptyState icon={KeyRound} title="No tokens">
            Make one to use your tools from a script or another MCP client.
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
  return (
    <div className="border-t border-line p-4 sm:p-5">
      <Notice tone="ok" announce title="Copy your token now: it is not shown again">
        <div className="mt-2 grid gap-2">
          <CodeBlock text={token} label="token" wrap />
          <p>
            Send it as <code className="font-mono">Authorization: Bearer …</code>, or paste it into a client:
          </p>
          <Connect endpoint={endpoint} token={token} />
        </div>
      </Notice>
    </div>
  )
}

function TokenTable({ tokens }: { tokens: Token[] }) {
  const router = useRouter()
  return (
    <Table
      caption="Personal tokens"
      rows={tokens}
      rowKey={({ id }) => id}
      columns={[
        {
          header: 'Name',
          lead: true,
          cell: ({ name, scopes: allowed }) => (
            <>
              <span className="block font-medium">{name}</span>
              <span className="block text-sm font-normal text-ink-faint">{allowed.join(', ')}</span>
            </>
          ),
        },
        { header: 'Created', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
        {
          header: 'Last used',
          cell: ({ lastUsedAt }) => (lastUsedAt ? <RelativeTime at={lastUsedAt} /> : 'never'),
        },
        {
          header: 'Expires',
          cell: ({ expiresOn, expired }) => (expired ? <Badge tone="warn">Expired</Badge> : (expiresOn ?? 'never')),
        },
        {
          header: 'Revoke',
          align: 'end',
          cell: ({ id, name }) => (
            <ConfirmButton
              label="Revoke"
              size="sm"
              title={`Revoke “${name}”?`}
              confirmLabel="Revoke"
              action={async () => {
                const sent = await sendJson('DELETE', `/api/me/tokens/${id}`)
                if (!sent.ok) return { error: sent.message }
                router.refresh()
                return undefined
              }}
            >
              Whatever uses this token stops working at once.
            </ConfirmButton>
          ),
        },
      ]}
    />
  )
}
