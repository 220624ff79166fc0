import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { federatedProviders } from '#lib/auth/providers.ts'
import { findCaller } from '#lib/auth/session.ts'
import { signUpMode } from '#lib/auth/sign-up-rules.ts'
import { anyAccount } from '#lib/data/users.ts'
import { env } from '#lib/env.ts'
import { TextLink } from '../forms/text-link.tsx'
import { ProviderButtons } from '../sign-in/provider-buttons.tsx'
import { returnPath, withReturnPath } from '../sign-in/return-path.ts'
import { Entrance } from '../ui/entrance.tsx'
import { Notice } from '../ui/notice.tsx'
import { AccountForm } from './account-form.tsx'

export const metadata: Metadata = { title: 'Create an account' }

export default async function SignUpPage({ searchParams }: { searchParams: Promise<{ callbackUrl?: string | string[] }> }) {
  const path = returnPath((await searchParams).callbackUrl, env().APP_URL)
  if (await findCaller(await headers())) redirect(path)
  if (!(await anyAccount())) redirect('/set-up')
  const mode = signUpMode()
  const signIn = (
    <p>
      Have an account? <TextLink href={withReturnPath('/sign-in', path)}>Sign in</TextLink>
    </p>
  )
  if (mode === 'closed')
    return (
      <Entrance title="Create an account" below={signIn}>
        <Notice>New accounts are closed on this server. Ask its administrator for one.</Notice>
      </Entrance>
    )
  return (
    <Entrance title="Create an account" below={signIn}>
      <AccountForm
        first={false}
        path={path}
        emailHint={mode === 'domain' ? `An address at ${env().SIGN_UP_DOMAINS.join(' or ')}.` : undefined}
      />
      <ProviderButtons providers={federatedProviders()} path={path} />
    </Entrance>
  )
}
