import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { isScope, SCOPES } from '#lib/auth/tokens/scopes.ts'
import { type AuthorizedApp, listAuthorizedApps } from '#lib/data/oauth/oauth-grants.ts'
import { listPersonalTokens } from '#lib/data/people/personal-tokens.ts'
import { env } from '#lib/platform/env.ts'
import type { Translate } from '#lib/platform/language/translate.ts'
import { AuthorizedApps } from './authorized-apps.tsx'
import { RevokeAllTokens } from './revoke-all-tokens.tsx'
import { Tokens } from './tokens.tsx'

export const generateMetadata = makeTitle('Apps and tokens')

type Props = { searchParams: Promise<{ tokens_after?: string | string[] }> }

/** The programs that act for the person: authorized apps, and what has a personal token. */
export default async function AccessPage({ searchParams }: Props) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const after = [(await searchParams).tokens_after].flat()[0]
  const [tokens, apps] = await Promise.all([listPersonalTokens(caller, { after }), listAuthorizedApps(caller)])
  const day = new Intl.DateTimeFormat(t.locale, { dateStyle: 'medium', timeZone: 'UTC' })
  const endpoint = `${env().APP_URL}/mcp`
  // Without the built-in tools clients have nothing to connect to, but existing tokens and apps can
  // still be revoked.
  const offered = env().MCP_BUILTIN === 'on'
  return (
    <div className="max-w-3xl">
      <PageHeader title={t('Apps and tokens')} hint={t('The programs that may use your tools for you.')} />
      <div className="grid gap-5">
        {(offered || apps.length > 0) && (
          <AuthorizedApps endpoint={endpoint} apps={apps.map((app) => toProps(app, t))} />
        )}
        {(offered || tokens.data.length > 0) && (
          <Tokens
            endpoint={endpoint}
            scopes={Object.entries(SCOPES).map(([id, label]) => ({ id, label: t(label) }))}
            tokens={tokens.data.map(({ createdAt, lastUsedAt, expiresAt, ...token }) => ({
              ...token,
              createdAt: createdAt.toISOString(),
              lastUsedAt: lastUsedAt?.toISOString() ?? null,
              expiresOn: expiresAt && day.format(expiresAt),
              expired: expiresAt !== null && expiresAt < new Date(),
            }))}
            first={after && '/settings/access#tokens'}
            next={tokens.after && `/settings/access?tokens_after=${encodeURIComponent(tokens.after)}#tokens`}
          />
        )}
        {!offered && apps.length === 0 && tokens.data.length === 0 && (
          <Notice>{t('No program may act for you here.')}</Notice>
        )}
        {(tokens.data.length > 1 || after !== undefined) && <RevokeAllTokens />}
      </div>
    </div>
  )
}

function toProps({ scopes, since, lastUsedAt, ...app }: AuthorizedApp, t: Translate) {
  const permissions = scopes.filter(isScope).map((scope) => t(SCOPES[scope]))
  return { ...app, permissions, since: since.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null }
}
