import { Plug } from 'lucide-react'
import { z } from 'zod'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { listAccounts } from '#lib/data/servers/server-accounts.ts'
import { needsAccount } from '#lib/mcp-client/accounts/accounts.ts'
import { listServersFor } from '#lib/mcp-client/servers/mcp-servers.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import { ServerAccount } from './server-account.tsx'

export const generateMetadata = makeTitle('Connected accounts')

const text = z.string().max(100).optional().catch(undefined)
const thread = z
  .string()
  .regex(/^thr_[\w-]{1,80}$/)
  .optional()
  .catch(undefined)
const Query = z.object({ connected: text, problem: text, service: text, thread })

const PROBLEMS: Record<string, Sentence> = {
  bad_request: 'This sign-in was not begun in this browser, or too long ago. Begin again.',
  forbidden: 'The sign-in there was refused or broken off.',
  not_found: 'This server is no longer there.',
  conflict:
    'The service now signs in somewhere else than your administrator set up, so nothing was sent there. Tell your administrator.',
}

/** The person's own accounts at the servers whose tools the assistant calls. */
export default async function ConnectionsPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const { connected, problem, service, thread } = Query.parse(await searchParams)
  const [servers, accounts] = await Promise.all([listServersFor(caller.role), listAccounts(caller)])
  const asking = servers.filter(needsAccount)
  return (
    <div className="max-w-3xl">
      <PageHeader
        {...(thread && { back: { href: `/chat/${thread}`, label: t('Back to the conversation') } })}
        title={t('Connected accounts')}
        hint={t(
          'Your own accounts at the services whose tools the assistant uses for you. Nobody else’s assistant uses them.',
        )}
      />
      <div className="grid gap-5">
        {connected && (
          <Notice tone="ok" announce title={t('{connected} is connected', { connected })}>
            {t('The assistant can use its tools now.')}
          </Notice>
        )}
        {problem && (
          <Notice tone="bad" announce title={t('Not connected')}>
            {t(
              PROBLEMS[problem] ??
                'The sign-in there did not work. Try again. If it persists, tell your administrator.',
            )}
          </Notice>
        )}
        <Card flush>
          {asking.length === 0 ? (
            <EmptyState icon={Plug} title={t('Nothing to connect')}>
              {t('No service here asks for an account of yours.')}
            </EmptyState>
          ) : (
            <ul className="divide-y divide-line">
              {asking.map(({ id = '', name, url, config }) => {
                const account = accounts.get(id)
                return (
                  <li key={id}>
                    <ServerAccount
                      id={id}
                      name={name}
                      host={new URL(url).host}
                      way={config?.identity.kind === 'key' ? 'key' : 'oauth'}
                      hint={config?.identity.kind === 'key' ? config.identity.hint : undefined}
                      connectedAt={account?.connectedAt.toISOString() ?? null}
                      broken={account?.broken ?? false}
                      begun={id === service}
                      thread={thread}
                    />
                  </li>
                )
              })}
            </ul>
          )}
        </Card>
      </div>
    </div>
  )
}
