import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { findCaller } from '#lib/auth/sessions/session.ts'
import { VerifyForm } from './verify-form.tsx'

export const metadata: Metadata = { title: 'Verify your address' }

export default async function VerifyEmailPage() {
  const signedIn = (await findCaller(await headers())) !== null
  return (
    <Entrance
      title="Verify your address"
      hint={`${signedIn ? '' : 'Enter the password that you chose, so that we know it was you. '}The first time, everything else that was made for this account ends: tokens, authorized apps, connected accounts and other sessions.`}
    >
      <VerifyForm signedIn={signedIn} />
    </Entrance>
  )
}
