import { headers } from 'next/headers.js'
import { notFound, redirect } from 'next/navigation.js'
import { cache } from 'react'
import { findSession, type Session } from '#lib/auth/sessions/session.ts'
import { hasUnclaimedContent } from '#lib/data/people/unclaimed-content.ts'
import { hasAnyAccount } from '#lib/data/people/users.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

/** The session of a page's request, or null. Read once for all that the page shows. */
export const findPageSession = cache(async (): Promise<Session | null> => findSession(await headers()))

/**
 * The signed-in person of a page. Redirects others to /sign-in, or to /set-up while the server has
 * no account, and redirects people with unclaimed content to /earlier-content.
 */
export async function requirePageCaller(): Promise<Caller> {
  const caller = await requireSignedIn()
  if (await hasUnclaimedContent(caller)) redirect('/earlier-content')
  return caller
}

/**
 * The same for /earlier-content, the page that asks what to do with content from before the address
 * was proven. All other pages redirect there first.
 */
export async function requireSignedIn(): Promise<Caller> {
  const session = await findPageSession()
  if (session) return session.caller
  redirect((await hasAnyAccount()) ? '/sign-in' : '/set-up')
}

/** The signed-in admin of a page. Members get "not found". */
export async function requirePageAdmin(): Promise<Caller> {
  const caller = await requirePageCaller()
  if (caller.role !== 'admin') notFound()
  return caller
}
