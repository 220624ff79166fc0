import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { TextLink } from '#app/forms/text-link.tsx'
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

export const metadata: Metadata = { title: 'Sign in' }

type Query = { callbackUrl?: string | string[]; error?: string }

export default async function SignInPage({ searchParams }: { searchParams: Promise<Query> }) {
  const { callbackUrl, error } = await searchParams
  const path = toReturnPath(callbackUrl, env().APP_URL)
  if (!error && (await findCaller(await headers()))) redirect(path)
  if (!(await hasAnyAccount())) redirect('/set-up')
  return (
    <Entrance
      title="Sign in"
      below={
        signUpMode() !== 'closed' && (
          <p>
            New here? <TextLink href={withReturnPath('/sign-up', path)}>Create an account</TextLink>
          </p>
        )
      }
    >
      {error && (
        <Notice tone="bad" announce>
          {findSentence(error)}
        </Notice>
      )}
      <SignInForm path={path} mailLinks={canMail()} />
      <ProviderButtons providers={listFederatedProviders()} path={path} />
    </Entrance>
  )
}
