import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { TextLink } from '#app/forms/text-link.tsx'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { Notice } from '#app/ui/notice.tsx'
import { canMail } from '#lib/auth/mail/send-mail.ts'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { listFederatedProviders } from '#lib/auth/sign-in/providers.ts'
import { signUpMode } from '#lib/auth/sign-in/sign-up-rules.ts'
import { hasAnyAccount } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'
import { ProviderButtons } from './provider-buttons.tsx'
import { toReturnPath, withReturnPath } from './return-path.ts'
import { SignInForm } from './sign-in-form.tsx'
import { findSentence } from './sign-in-sentence.ts'

export const generateMetadata = makeTitle('Sign in')

type Query = { callbackUrl?: string | string[]; error?: string }

export default async function SignInPage({ searchParams }: { searchParams: Promise<Query> }) {
  const t = await readTranslate()
  const { callbackUrl, error } = await searchParams
  const path = toReturnPath(callbackUrl, env().APP_URL)
  if (!error && (await findCaller(await headers()))) redirect(path)
  if (!(await hasAnyAccount())) redirect('/set-up')
  return (
    <Entrance
      title={t('Sign in')}
      below={
        signUpMode() !== 'closed' && (
          <p>
            {t.rich('New here? <link>Create an account</link>', {
              link: (chunks) => <TextLink href={withReturnPath('/sign-up', path)}>{chunks}</TextLink>,
            })}
          </p>
        )
      }
    >
      {error && (
        <Notice tone="bad" announce>
          {t(findSentence(error))}
        </Notice>
      )}
      <SignInForm path={path} mailLinks={canMail()} />
      <ProviderButtons providers={listFederatedProviders()} path={path} />
    </Entrance>
  )
}
