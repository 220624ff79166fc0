import type { Caller } from '#lib/auth/caller.ts'
import { type Tx, withCaller, withSystem } from '#lib/db.ts'
import { AppError, notFound } from '#lib/errors.ts'
import type { Role } from '#lib/generated/prisma/enums.ts'
import { newId } from '#lib/ids.ts'

/** A person as other people's code may see them: no hash, no version. `timeZone` is an IANA name, `locale` a BCP 47 tag. */
export type Person = { id: string; email: string; name: string; role: Role; timeZone: string | null; locale: string | null }

/** What decides whether a session or token still counts. */
export type Standing = { role: Role; sessionVersion: number }

const PERSON = { id: true, email: true, name: true, role: true, timeZone: true, locale: true } as const

/** The person, or null when there is none with this id. */
export function findPerson(userId: string): Promise<Person | null> {
  return withCaller({ userId }, (tx) => tx.user.findUnique({ where: { id: userId }, select: PERSON }))
}

/** The role and session version of an account that may be used; null for one that is disabled or gone. Asked at every request. */
export function findStanding(userId: string): Promise<Standing | null> {
  return withCaller({ userId }, (tx) =>
    tx.user.findFirst({ where: { id: userId, disabledAt: null }, select: { role: true, sessionVersion: true } }),
  )
}

/** Keeps the time zone and locale that the person's browser names. Unknown ones are left out rather than stored. */
export async function rememberLocale(caller: Caller, told: { timeZone?: string | null; locale?: string | null }): Promise<void> {
  const data = { ...(isTimeZone(told.timeZone) && { timeZone: told.timeZone }), ...(isLocale(told.locale) && { locale: told.locale }) }
  if (Object.keys(data).length === 0) return
  await withCaller(caller, (tx) => tx.user.updateMany({ where: { id: caller.userId }, data }))
}

function isTimeZone(name: string | null | undefined): name is string {
  if (!name || name.length > 64) return false
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}

function isLocale(tag: string | null | undefined): tag is string {
  if (!tag || tag.length > 35) return false
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

/** True once the first account exists: until then the first visitor is led to /set-up. */
export function anyAccount(): Promise<boolean> {
  return withSystem('sign-in', async (tx) => (await tx.user.findFirst({ select: { id: true } })) !== null)
}

/** What sign-in and recovery need to know of an account. Never leaves lib/auth. */
export type Account = Person &
  Standing & { passwordHash: string | null; emailVerifiedAt: Date | null; disabledAt: Date | null; founder: boolean }

const ACCOUNT = { ...PERSON, sessionVersion: true, passwordHash: true, emailVerifiedAt: true, disabledAt: true, founder: true } as const

/** The account with this address (lower case), or null. */
export function findAccountByEmail(email: string): Promise<Account | null> {
  return withSystem('sign-in', (tx) => tx.user.findUnique({ where: { email }, select: ACCOUNT }))
}

/** The caller's own account. Throws not_found. */
export async function requireAccount(caller: { userId: string }): Promise<Account> {
  const account = await withCaller(caller, (tx) => tx.user.findUnique({ where: { id: caller.userId }, select: ACCOUNT }))
  if (!account) throw notFound('The account')
  return account
}

export type NewAccount = { email: string; name: string; passwordHash?: string; emailVerified?: boolean }

/**
 * Makes the first account, which is the admin. Throws conflict when another one was first, also when both race: the
 * index users_one_founder lets one through.
 */
export async function createFounder(account: NewAccount): Promise<Account> {
  try {
    return await withSystem('sign-in', async (tx) => {
      if (await tx.user.findFirst({ select: { id: true } })) throw notFirst()
      return insert(tx, account, { role: 'admin', founder: true })
    })
  } catch (error) {
    throw isDuplicate(error) ? notFirst(error) : error
  }
}

function notFirst(cause?: unknown): AppError {
  return new AppError('conflict', 'Somebody else has just made the first account of this server. Sign in, or ask them for an account.', {
    cause,
  })
}

/** Makes a member's account; null when the address has one already. */
export async function createMember(account: NewAccount): Promise<Account | null> {
  try {
    return await withSystem('sign-in', (tx) => insert(tx, account, { role: 'member', founder: false }))
  } catch (error) {
    if (isDuplicate(error)) return null
    throw error
  }
}

function insert(
  tx: Tx,
  { email, name, passwordHash, emailVerified }: NewAccount,
  rank: { role: Role; founder: boolean },
): Promise<Account> {
  const data = { id: newId('usr'), email, name, passwordHash, emailVerifiedAt: emailVerified ? new Date() : null, ...rank }
  return tx.user.create({ data, select: ACCOUNT })
}

function isDuplicate(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'P2002'
}
