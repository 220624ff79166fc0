import { type Tx, withSystem } from '#lib/platform/db/db.ts'

/** The id of the person whom this provider account signs in, or null. */
export function findIdentityOwner(provider: string, providerAccountId: string): Promise<string | null> {
  return withSystem('sign-in', async (tx) => {
    const found = await tx.identity.findUnique({
      where: { provider_providerAccountId: { provider, providerAccountId } },
    })
    return found?.userId ?? null
  })
}

/** Lets a provider account sign the person in from now on. Does nothing if it is already joined. */
export async function joinIdentity(userId: string, provider: string, providerAccountId: string): Promise<void> {
  await withSystem('sign-in', (tx) =>
    tx.identity.createMany({ data: { userId, provider, providerAccountId }, skipDuplicates: true }),
  )
}

/**
 * Removes all provider accounts of this person within `tx`, so that none signs them in any more.
 */
export async function forgetIdentities(tx: Tx, userId: string): Promise<void> {
  await tx.identity.deleteMany({ where: { userId } })
}
