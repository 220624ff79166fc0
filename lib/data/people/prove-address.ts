import { dropGrantsOf } from '#lib/data/oauth/oauth-grants.ts'
import { endAccess } from '#lib/data/people/end-access.ts'
import { forgetIdentities } from '#lib/data/people/identities.ts'
import { revokeTokensOf } from '#lib/data/people/personal-tokens.ts'
import { lockPerson } from '#lib/data/person-lock.ts'
import { forgetAccounts } from '#lib/data/servers/server-accounts.ts'
import type { Tx } from '#lib/platform/db/db.ts'

/**
 * Records within `tx` that the address of an account belongs to its person. The first time,
 * everything created before ends, because a stranger may have created the account and kept a way
 * in. Sessions, runs, tokens, authorized apps, connected accounts and other ways to sign in are
 * removed. Content is set aside until the person has reviewed it
 * (lib/data/people/unclaimed-content.ts). Returns the new session version, or null if the address
 * was already proven.
 */
export async function proveAddress(tx: Tx, userId: string): Promise<number | null> {
  await tx.$executeRaw(lockPerson(userId))
  const now = new Date()
  const { count } = await tx.user.updateMany({
    where: { id: userId, emailVerifiedAt: null },
    data: { emailVerifiedAt: now, unclaimedBefore: now },
  })
  if (count === 0) return null
  await revokeTokensOf(tx, userId)
  await dropGrantsOf(tx, userId)
  await forgetAccounts(tx, userId)
  await forgetIdentities(tx, userId)
  return endAccess(tx, userId, 'address_proven')
}
