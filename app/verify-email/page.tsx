import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { findCaller } from '#lib/auth/session.ts'
import { Entrance } from '../ui/entrance.tsx'
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
