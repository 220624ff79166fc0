import { type Tx, withSystem } from '#lib/platform/db/db.ts'

/** The id of the person whom this account at a provider signs in, or null. */
export function findIdentityOwner(provider: string, providerAccountId: string): Promise<string | null> {
  return withSystem('sign-in', async (tx) => {
    const found = await tx.identity.findUnique({
      where: { provider_providerAccountId: { provider, providerAccountId } },
    })
    return found?.userId ?? null
  })
}

/** Lets an account at a provider sign the person in from now on. Does nothing when it is joined already. */
export async function joinIdentity(userId: string, provider: string, providerAccountId: string): Promise<void> {
  await withSystem('sign-in', (tx) =>
    tx.identity.createMany({ data: { userId, provider, providerAccountId }, skipDuplicates: true }),
  )
}

/** Lets no account at a provider sign this person in any more, within `tx`. */
export async function forgetIdentities(tx: Tx, userId: string): Promise<void> {
  await tx.identity.deleteMany({ where: { userId } })
}
