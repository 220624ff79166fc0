import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A new identifier such as `thr_5f3k9...`: the prefix and 26 characters of a 32-letter alphabet, 130 random bits.
 * Nobody can guess one, but no identifier is a permission: every query also asks for the owner.
 */
export function newId(prefix: string): string {
  let id = `${prefix}_`
  for (const byte of randomBytes(26)) id += ALPHABET[byte & 31]
  return id
}
