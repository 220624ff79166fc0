import { nameSessionCookie, sealSession } from '#lib/auth/sessions/session.ts'
import { SCOPES } from '#lib/auth/tokens/scopes.ts'
import { createPersonalToken } from '#lib/data/people/personal-tokens.ts'
import type { Person } from '#lib/data/people/users.ts'
import type { Caller, SessionCaller } from '#lib/platform/crypto/caller.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { newId } from '#lib/platform/ids.ts'

type Overrides = Partial<{
  email: string
  name: string
  role: 'admin' | 'member'
  timeZone: string
  locale: string
  passwordHash: string
  emailVerifiedAt: Date
  disabledAt: Date
}>

/**
 * A person with an account and a valid session. `headers` is what their browser sends. A member by
 * default.
 */
export async function signedIn(
  overrides: Overrides = {},
): Promise<{ caller: SessionCaller; headers: { cookie: string }; person: Person }> {
  const id = newId('usr')
  const { role = 'member' } = overrides
  const data = { id, email: `${id}@example.com`, name: 'Ann Example', ...overrides, role }
  const row = await withSystem('sign-in', (tx) => tx.user.create({ data }))
  const person = { id, email: row.email, name: row.name, role, timeZone: row.timeZone, locale: row.locale }
  return {
    caller: { userId: id, role, via: 'session', sessionVersion: row.sessionVersion },
    headers: { cookie: await sessionCookieOf(id, row.sessionVersion) },
    person,
  }
}

/** The Cookie header of a person who signed in `secondsAgo` under a session version. */
export async function sessionCookieOf(userId: string, version: number, secondsAgo = 0): Promise<string> {
  const sealed = await sealSession({
    sub: userId,
    session: newId('ses'),
    version,
    signedInAt: Math.floor(Date.now() / 1000) - secondsAgo,
  })
  return `${nameSessionCookie().name}=${sealed}`
}

/** A personal token of the caller, by default with every scope, that never expires. */
export async function personalToken(caller: Caller, scopes: string[] = Object.keys(SCOPES)): Promise<string> {
  const { token } = await createPersonalToken(caller, { name: 'a test', scopes, expiresAt: null })
  return token
}
