import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { addSigningKey, dropSigningKeys, listSigningKeys, type StoredKey } from '#lib/data/oauth/stored-keys.ts'
import { seal, unseal } from '#lib/platform/crypto/seal.ts'
import { log } from '#lib/platform/log.ts'

const ALGORITHM = 'RS256'
// A new key is published before it signs, so that no client sees a signature by a key that another
// replica does not list yet.
const PUBLISHED_FIRST_MS = 120_000
// Longer than any signed token is valid (an hour) and longer than key sets are cached.
const RETIRED_AFTER_MS = 86_400_000

/**
 * Returns the private keys of the authorization server: the first one signs, and all are published.
 * Creates a key if there is none, or if all were sealed under another APP_SECRET. All replicas
 * return the same keys.
 */
export async function loadSigningKeys(now = Date.now()): Promise<JWK[]> {
  const found = await readable(await listSigningKeys())
  if (found.length > 0) return inOrder(found, now)
  await addSigningKey(async (stored) => (await readable(stored)).length === 0, makeKey)
  return inOrder(await readable(await listSigningKeys()), now)
}

/**
 * Adds a key that starts to sign after two minutes, and deletes keys that were replaced more than a
 * day ago. Returns the ids of both.
 */
export async function rotateSigningKeys(now = Date.now()): Promise<{ added: string; dropped: string[] }> {
  const key = await makeKey()
  const before = await listSigningKeys()
  await addSigningKey(
    async () => true,
    async () => key,
  )
  // A key counts as replaced from the moment the next newer one was created.
  const dropped = before
    .filter((_, index) => now - (before[index - 1]?.createdAt.getTime() ?? now) > RETIRED_AFTER_MS)
    .map(({ id }) => id)
  await dropSigningKeys(dropped)
  return { added: key.id, dropped }
}

type Readable = { jwk: JWK; createdAt: Date }

async function readable(stored: StoredKey[]): Promise<Readable[]> {
  const keys = await Promise.all(
    stored.map(async ({ id, sealed, createdAt }) => {
      const text = await unseal(sealed, 'signing keys')
      if (text === null) log.warn({ key: id }, 'a signing key was sealed under another APP_SECRET and is not used')
      return text === null ? null : { jwk: JSON.parse(text) as JWK, createdAt }
    }),
  )
  return keys.filter((key) => key !== null)
}

/** Newest first, but keys that are too new to sign come last. */
function inOrder(keys: Readable[], now: number): JWK[] {
  const tooNew = ({ createdAt }: Readable) => now - createdAt.getTime() < PUBLISHED_FIRST_MS
  const old = keys.filter((key) => !tooNew(key))
  return [...old, ...keys.filter(tooNew).reverse()].map(({ jwk }) => jwk)
}

async function makeKey(): Promise<{ id: string; sealed: string }> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { modulusLength: 2048, extractable: true })
  const jwk = await exportJWK(privateKey)
  const id = await calculateJwkThumbprint(jwk)
  return { id, sealed: await seal(JSON.stringify({ ...jwk, kid: id, alg: ALGORITHM, use: 'sig' }), 'signing keys') }
}
