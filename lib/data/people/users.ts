import { type AccessEnding, endAccess } from '#lib/data/people/end-access.ts'
import { proveAddress } from '#lib/data/people/prove-address.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Role } from '#lib/generated/prisma/enums.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runStatementAs, type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'

/**
 * A person as other code may see them, without password hash or session version. `timeZone` is an
 * IANA name, `locale` a BCP 47 tag: the language that the person chose, else the browser's.
 */
export type Person = {
  id: string
  email: string
  name: string
  role: Role
  timeZone: string | null
  locale: string | null
}

/** The facts that decide whether a session or token is still valid. */
export type Standing = { role: Role; sessionVersion: number }

const PERSON = { id: true, email: true, name: true, role: true, timeZone: true, locale: true } as const

/**
 * The person with this id, or null. `emailVerified` means that the address was proven to be theirs.
 */
export async function findPerson(userId: string): Promise<(Person & { emailVerified: boolean }) | null> {
  const [person] = await runStatementAs<Person & { emailVerified: boolean }>(
    { userId },
    Prisma.sql`
      SELECT id, email, email_verified_at IS NOT NULL AS "emailVerified", name, role, time_zone AS "timeZone", coalesce(language, locale) AS locale
      FROM users WHERE id = ${userId}`,
  )
  return person ?? null
}

/**
 * The role and session version of a usable account. Null if it is disabled or gone. Runs at every
 * request.
 */
export async function findStanding(userId: string): Promise<Standing | null> {
  const [standing] = await runStatementAs<Standing>(
    { userId },
    Prisma.sql`SELECT role, session_version AS "sessionVersion" FROM users WHERE id = ${userId} AND disabled_at IS NULL`,
  )
  return standing ?? null
}

/** True once the first account exists. Until then visitors are redirected to /set-up. */
export function hasAnyAccount(): Promise<boolean> {
  return withSystem('sign-in', async (tx) => (await tx.user.findFirst({ select: { id: true } })) !== null)
}

/** What sign-in and recovery need to know about an account. It never leaves lib/auth. */
export type Account = Person &
  Standing & {
    language: string | null
    passwordHash: string | null
    emailVerifiedAt: Date | null
    disabledAt: Date | null
    founder: boolean
  }

/** The columns of an Account. */
export const ACCOUNT = {
  ...PERSON,
  language: true,
  sessionVersion: true,
  passwordHash: true,
  emailVerifiedAt: true,
  disabledAt: true,
  founder: true,
} as const

/** The account with this address (lower case), or null. */
export function findAccountByEmail(email: string): Promise<Account | null> {
  return withSystem('sign-in', (tx) => tx.user.findUnique({ where: { email }, select: ACCOUNT }))
}

/** The caller's own account. Throws not_found. */
export async function requireAccount(caller: { userId: string }): Promise<Account> {
  const account = await withCaller(caller, (tx) =>
    tx.user.findUnique({ where: { id: caller.userId }, select: ACCOUNT }),
  )
  if (!account) throw notFound('The account')
  return account
}

/**
 * Replaces the password that was read under `version`, and ends every run and every other session. Returns the
 * new version. Throws conflict if another change came in between.
 */
export async function changePasswordHash(
  caller: { userId: string; sessionId?: string },
  version: number,
  passwordHash: string,
): Promise<number> {
  return withCaller(caller, async (tx) => {
    const { count } = await tx.user.updateMany({
      where: { id: caller.userId, sessionVersion: version },
      data: { passwordHash },
    })
    if (count === 0)
      throw new AppError('conflict', 'Your account was changed meanwhile. Load the page again and try once more.')
    return endAccess(tx, caller.userId, 'password_changed', caller.sessionId)
  })
}

/**
 * Stores a new password for the address and ends every session and run. `verified` means that a
 * mail proved the address; the first proof ends everything created before. Null if no account has
 * the address.
 */
export function resetPasswordHash(
  email: string,
  passwordHash: string,
  { verified }: { verified: boolean },
): Promise<{ id: string } | null> {
  return withSystem('recovery', async (tx) => {
    const found = await tx.user.findUnique({ where: { email }, select: { id: true } })
    if (!found) return null
    await tx.user.update({ where: { id: found.id }, data: { passwordHash } })
    await endAccess(tx, found.id, 'password_reset')
    if (verified) await proveAddress(tx, found.id)
    return { id: found.id }
  })
}

/** Ends every run of the caller, and every session but the caller's own. Returns the new session version. */
export function endSessions(caller: { userId: string; sessionId?: string }): Promise<number> {
  return withCaller(caller, (tx) => endAccess(tx, caller.userId, 'signed_out_everywhere', caller.sessionId))
}

/**
 * Records that the address was proven to be the person's; the first proof ends everything created
 * before. Returns the new session version, or null if it was already proven.
 */
export function markVerified(userId: string): Promise<number | null> {
  return withCaller({ userId }, (tx) => proveAddress(tx, userId))
}

/**
 * Deletes the account and, by cascade, everything that it owns. Throws conflict for the last admin
 * while other accounts exist.
 */
export async function deleteUser(userId: string): Promise<void> {
  await withSystem('sign-in', async (tx) => {
    const admins = await lockAdmins(tx)
    const lastAdmin = admins.length === 1 && admins[0]?.id === userId
    if (lastAdmin && (await tx.user.count()) > 1)
      throw new AppError(
        'conflict',
        'You are the only admin. Make somebody else an admin first, so that the server is not left without one.',
      )
    // The cascade deletes the rows; this notifies the processes of the runs.
    await endAccess(tx, userId, 'account_deleted')
    await tx.user.delete({ where: { id: userId } })
  })
}

/**
 * Changes another person's account. If `ends` is given, all its access ends for that reason. Only
 * for callers whose admin role was checked. Throws forbidden if that role was removed meanwhile,
 * conflict for the caller's own account, not_found.
 */
export async function changeAsAdmin(
  admin: Caller,
  userId: string,
  data: Prisma.UserUpdateManyMutationInput,
  ends?: AccessEnding,
): Promise<void> {
  if (userId === admin.userId) throw new AppError('conflict', 'This is your own account. Another admin has to do this.')
  await withSystem('admin', async (tx) => {
    if (!(await lockAdmins(tx)).some(({ id }) => id === admin.userId))
      throw new AppError('forbidden', 'Only admins may do this.')
    const { count } = await tx.user.updateMany({ where: { id: userId }, data })
    if (count === 0) throw notFound('This account')
    if (ends) await endAccess(tx, userId, ends)
  })
}

/**
 * Locks and returns the current admins, so that two who leave or demote each other at the same
 * moment are serialized.
 */
function lockAdmins(tx: Tx): Promise<{ id: string }[]> {
  return tx.$queryRaw`SELECT id FROM users WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE`
}
