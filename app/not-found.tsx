import { headers } from 'next/headers.js'
import { makeTitle } from '#app/language/page-language.ts'
import { NothingHere } from '#app/ui/layout/nothing-here.tsx'
import { Shell } from '#app/ui/layout/shell.tsx'
import { findCaller } from '#lib/auth/sessions/session.ts'

export const generateMetadata = makeTitle('Not found')

/**
 * Replaces every layout below the root, so it shows the navigation itself to people who are signed
 * in.
 */
export default async function NotFound() {
  const caller = await findCaller(await headers())
  if (!caller) return <NothingHere />
  return (
    <Shell>
      <NothingHere />
    </Shell>
  )
}
