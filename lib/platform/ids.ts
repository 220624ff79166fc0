import { createHash, randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 26

// A call for randomness costs more than the bytes, so one call serves many ids.
const pool = Buffer.alloc(LENGTH * 128)
let used = pool.length

/**
 * Returns a new id such as `thr_5f3k9...`: the prefix and 26 characters of a 32-letter alphabet,
 * 130 random bits. It cannot be guessed, but it grants nothing: every query also checks the owner.
 */
export function newId(prefix: string): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  let id = `${prefix}_`
  for (const end = used + LENGTH; used < end; used += 1) id += ALPHABET[(pool[used] as number) & 31]
  return id
}

/**
 * Derives an id from `parts`, in the form of `newId`. The same parts always give the same id, so a
 * repeated request finds what it created the first time.
 */
export function deriveId(prefix: string, ...parts: string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([prefix, ...parts]))
    .digest()
  return `${prefix}_${Array.from(digest.subarray(0, LENGTH), (byte) => ALPHABET[byte & 31]).join('')}`
}
