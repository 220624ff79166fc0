import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { canMail } from '#lib/auth/mail.ts'
import { federatedProviders } from '#lib/auth/providers.ts'
import { findCaller } from '#lib/auth/session.ts'
import { signUpMode } from '#lib/auth/sign-up-rules.ts'
import { anyAccount } from '#lib/data/users.ts'
import { env } from '#lib/env.ts'
import { TextLink } from '../forms/text-link.tsx'
import { Entrance } from '../ui/entrance.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProviderButtons } from './provider-buttons.tsx'
import { returnPath, withReturnPath } from './return-path.ts'
import { sentenceFor } from './sentences.ts'
import { SignInForm } from './sign-in-form.tsx'

export const metadata: Metadata = { title: 'Sign in' }

type Query = { callbackUrl?: string | string[]; error?: string }

export default async function SignInPage({ searchParams }: { searchParams: Promise<Query> }) {
  const { callbackUrl, error } = await searchParams
  const path = returnPath(callbackUrl, env().APP_URL)
  if (!error && (await findCaller(await headers()))) redirect(path)
  if (!(await anyAccount())) redirect('/set-up')
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
          {sentenceFor(error)}
        </Notice>
      )}
      <SignInForm path={path} mailLinks={canMail()} />
      <ProviderButtons providers={federatedProviders()} path={path} />
    </Entrance>
  )
}
