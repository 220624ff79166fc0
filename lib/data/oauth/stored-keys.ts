import { withSystem } from '#lib/platform/db/db.ts'

/** A private key as stored: sealed under APP_SECRET. `id` is public. */
export type StoredKey = { id: string; sealed: string; createdAt: Date }

// Any constant works, as long as every process that creates or rotates keys takes the same lock.
const LOCK = 7_270_736_912

/** All keys, newest first. */
export function listSigningKeys(): Promise<StoredKey[]> {
  return withSystem('tokens', (tx) => tx.signingKey.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'asc' }] }))
}

/**
 * Stores a key from `make` if `needed`, given the stored keys (newest first), says so. Processes
 * that start together are serialized, so that one creates the key and the others find it.
 */
export function addSigningKey(
  needed: (stored: StoredKey[]) => Promise<boolean>,
  make: () => Promise<Pick<StoredKey, 'id' | 'sealed'>>,
): Promise<void> {
  return withSystem('tokens', async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`
    const stored = await tx.signingKey.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'asc' }] })
    if (await needed(stored)) await tx.signingKey.create({ data: await make() })
  })
}

/** Deletes keys for good: signatures made with them can no longer be verified. */
export async function dropSigningKeys(ids: string[]): Promise<void> {
  await withSystem('tokens', (tx) => tx.signingKey.deleteMany({ where: { id: { in: ids } } }))
}
