import { Brain, ChartColumn, Download, Plug, Share2 } from 'lucide-react'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { LinkButton, toButtonClass } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { canMail } from '#lib/auth/mail/send-mail.ts'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { isScope, SCOPES } from '#lib/auth/tokens/scopes.ts'
import { type AuthorizedApp, listAuthorizedApps } from '#lib/data/oauth/oauth-grants.ts'
import { readOwnWords } from '#lib/data/people/own-words.ts'
import { listPersonalTokens } from '#lib/data/people/personal-tokens.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'
import { listLanguages } from '#lib/platform/language/languages.ts'
import type { Translate } from '#lib/platform/language/translate.ts'
import { AuthorizedApps } from './authorized-apps.tsx'
import { DeleteAccount } from './delete-account.tsx'
import { OwnWordsForm } from './own-words-form.tsx'
import { PasswordForm } from './password-form.tsx'
import { ProfileForm } from './profile-form.tsx'
import { RevokeAllTokens } from './revoke-all-tokens.tsx'
import { SignOutEverywhere } from './sign-out-everywhere.tsx'
import { Tokens } from './tokens.tsx'

export const generateMetadata = makeTitle('Settings')

export default async function SettingsPage({
  searchParams,
}: {
  searchParams: Promise<{ tokens_after?: string | string[] }>
}) {
  const t = await readTranslate()
  const caller = await requirePageCaller()
  const after = [(await searchParams).tokens_after].flat()[0]
  const [account, tokens, apps, words] = await Promise.all([
    requireAccount(caller),
    listPersonalTokens(caller, { after }),
    listAuthorizedApps(caller),
    readOwnWords(caller),
  ])
  const day = new Intl.DateTimeFormat(t.locale, { dateStyle: 'medium', timeZone: 'UTC' })
  const endpoint = `${env().APP_URL}/mcp`
  // Without the built-in tools clients have nothing to connect to, but existing tokens and apps can
  // still be revoked.
  const offered = env().MCP_BUILTIN === 'on'
  const hasPassword = account.passwordHash !== null
  return (
    <div className="max-w-3xl">
      <PageHeader title={t('Settings')} hint={t('Your account, who may act for you, and your data.')} />
      <div className="grid gap-5">
        <Card title={t('Profile')} hint={t('The assistant knows you by this name and counts days in this time zone.')}>
          <ProfileForm
            name={account.name}
            email={account.email}
            verified={account.emailVerifiedAt !== null}
            canVerify={canMail()}
            timeZone={account.timeZone}
            timeZones={Intl.supportedValuesOf('timeZone')}
            language={account.language}
            languages={listLanguages()}
          />
        </Card>
        <Card
          title={t('What assistants should know')}
          hint={t('Your own words for every assistant, sent to its model with each message. Nobody else sees them.')}
        >
          <OwnWordsForm words={words} />
        </Card>
        <Card
          title={t('Password')}
          hint={
            hasPassword
              ? t(
                  'A change signs you out on every other device, removes every authorized app and stops running answers.',
                )
              : t('You sign in without a password. You can add one as a second way.')
          }
        >
          <PasswordForm hasPassword={hasPassword} email={account.email} />
        </Card>
        <Card
          title={t('Sessions and tokens')}
          hint={t(
            'Signs you out in every other browser and removes every authorized app at once. Personal tokens keep working until you revoke them.',
          )}
        >
          <div className="flex flex-wrap gap-3">
            <SignOutEverywhere />
            <RevokeAllTokens />
          </div>
        </Card>
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
            first={after && '/settings#tokens'}
            next={tokens.after && `/settings?tokens_after=${encodeURIComponent(tokens.after)}#tokens`}
          />
        )}
        <Card title={t('Memory')} hint={t('What assistants remember of you in every conversation.')}>
          <LinkButton href="/settings/memory">
            <Brain aria-hidden className="size-4" />
            {t('See and change it')}
          </LinkButton>
        </Card>
        <Card
          title={t('Connected accounts')}
          hint={t('Your own accounts at services whose tools the assistant uses for you.')}
        >
          <LinkButton href="/settings/connections">
            <Plug aria-hidden className="size-4" />
            {t('Manage connected accounts')}
          </LinkButton>
        </Card>
        <Card
          title={t('Conversations')}
          hint={t('Those that you share, and those that you bring along from elsewhere.')}
        >
          <LinkButton href="/settings/conversations">
            <Share2 aria-hidden className="size-4" />
            {t('Shares and imports')}
          </LinkButton>
        </Card>
        <Card title={t('Usage')} hint={t('What your conversations used of models, what that cost, and your limits.')}>
          <LinkButton href="/settings/usage">
            <ChartColumn aria-hidden className="size-4" />
            {t('Show my usage')}
          </LinkButton>
        </Card>
        <Card title={t('Your data')} hint={t('Profile, threads, runs, tool calls, tasks and notes as one JSON file.')}>
          <a href="/api/me/export" download className={toButtonClass()}>
            <Download aria-hidden className="size-4" />
            {t('Export my data')}
          </a>
        </Card>
        <Card
          title={t('Delete account')}
          hint={t('Removes your account and everything in it from this server, for good.')}
        >
          <DeleteAccount hasPassword={hasPassword} />
        </Card>
      </div>
    </div>
  )
}

function toProps({ scopes, since, lastUsedAt, ...app }: AuthorizedApp, t: Translate) {
  const permissions = scopes.filter(isScope).map((scope) => t(SCOPES[scope]))
  return { ...app, permissions, since: since.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null }
}
