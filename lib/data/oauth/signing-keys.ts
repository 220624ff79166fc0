import { withSystem } from '#lib/platform/db/db.ts'

/** A private key as it is stored: sealed under APP_SECRET. `id` is public. */
export type StoredKey = { id: string; sealed: string; createdAt: Date }

// Any constant will do, as long as every process that makes or rotates keys takes the same lock.
const LOCK = 7_270_736_912

/** All keys, newest first. */
export function listSigningKeys(): Promise<StoredKey[]> {
  return withSystem('tokens', (tx) => tx.signingKey.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'asc' }] }))
}

/**
 * Stores the key that `make` makes where `needed` says so of the stored ones, newest first. Processes that start together take
 * turns, so that one makes the key and the others find it.
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

/** Removes keys for good: what they signed can no longer be verified. */
export async function dropSigningKeys(ids: string[]): Promise<void> {
  await withSystem('tokens', (tx) => tx.signingKey.deleteMany({ where: { id: { in: ids } } }))
}
