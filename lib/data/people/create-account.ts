import { ACCOUNT, type Account } from '#lib/data/people/users.ts'
import type { Role } from '#lib/generated/prisma/enums.ts'
import { type Tx, withSystem } from '#lib/platform/db/db.ts'
import { AppError } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

export type NewAccount = { email: string; name: string; passwordHash?: string; emailVerified?: boolean }

/**
 * Creates the first account, which is the admin's. Throws conflict if another one was first. If two
 * race, the index users_one_founder lets only one through.
 */
export async function createFounder(account: NewAccount): Promise<Account> {
  try {
    return await withSystem('sign-in', async (tx) => {
      if (await tx.user.findFirst({ select: { id: true } })) throw founderExistsError()
      return insert(tx, account, { role: 'admin', founder: true })
    })
  } catch (error) {
    throw isDuplicate(error) ? founderExistsError(error) : error
  }
}

function founderExistsError(cause?: unknown): AppError {
  return new AppError(
    'conflict',
    'Somebody else has just made the first account of this server. Sign in, or ask them for an account.',
    {
      cause,
    },
  )
}

/** Creates a member's account. Null if the address already has one. */
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
  const data = {
    id: newId('usr'),
    email,
    name,
    passwordHash,
    emailVerifiedAt: emailVerified ? new Date() : null,
    ...rank,
  }
  return tx.user.create({ data, select: ACCOUNT })
}

function isDuplicate(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'P2002'
}
