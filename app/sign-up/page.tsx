import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { TextLink } from '#app/forms/text-link.tsx'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { ProviderButtons } from '#app/sign-in/provider-buttons.tsx'
import { toReturnPath, withReturnPath } from '#app/sign-in/return-path.ts'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { listFederatedProviders } from '#lib/auth/sign-in/providers.ts'
import { signUpMode } from '#lib/auth/sign-in/sign-up-rules.ts'
import { hasAnyAccount } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'
import { AccountForm } from './account-form.tsx'

export const generateMetadata = makeTitle('Create an account')

export default async function SignUpPage({
  searchParams,
}: {
  searchParams: Promise<{ callbackUrl?: string | string[] }>
}) {
  const t = await readTranslate()
  const path = toReturnPath((await searchParams).callbackUrl, env().APP_URL)
  if (await findCaller(await headers())) redirect(path)
  if (!(await hasAnyAccount())) redirect('/set-up')
  const mode = signUpMode()
  const signIn = (
    <p>
      {t.rich('Have an account? <link>Sign in</link>', {
        link: (chunks) => <TextLink href={withReturnPath('/sign-in', path)}>{chunks}</TextLink>,
      })}
    </p>
  )
  if (mode === 'closed')
    return (
      <Entrance title={t('Create an account')} below={signIn}>
        <Notice>{t('New accounts are closed on this server. Ask its administrator for one.')}</Notice>
      </Entrance>
    )
  return (
    <Entrance title={t('Create an account')} below={signIn}>
      <AccountForm
        first={false}
        path={path}
        emailHint={
          mode === 'domain' ? t('An address at {join}.', { join: env().SIGN_UP_DOMAINS.join(' or ') }) : undefined
        }
      />
      <ProviderButtons providers={listFederatedProviders()} path={path} />
    </Entrance>
  )
}
