import { createHash, randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 26

// Asking the system for randomness costs more than the bytes, so it is asked for many identifiers at once.
const pool = Buffer.alloc(LENGTH * 128)
let used = pool.length

/**
 * A new identifier such as `thr_5f3k9...`: the prefix and 26 characters of a 32-letter alphabet, 130 random bits.
 * Nobody can guess one, but no identifier is a permission: every query also asks for the owner.
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

/** The identifier that these parts always lead to, in the form of `newId`: what is made for one request has it again when the request comes again. */
export function idFrom(prefix: string, ...parts: string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([prefix, ...parts]))
    .digest()
  return `${prefix}_${Array.from(digest.subarray(0, LENGTH), (byte) => ALPHABET[byte & 31]).join('')}`
}
