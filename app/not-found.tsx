import type { Metadata } from 'next'
import { headers } from 'next/headers.js'
import { findCaller } from '#lib/auth/session.ts'
import { NothingHere } from './ui/nothing-here.tsx'
import { Shell } from './ui/shell.tsx'

export const metadata: Metadata = { title: 'Not found' }

/** Takes the place of every layout below the root: for whoever is signed in the navigation stays. */
export default async function NotFound() {
  const caller = await findCaller(await headers())
  if (!caller) return <NothingHere />
  return (
    <Shell>
      <NothingHere />
    </Shell>
  )
}
