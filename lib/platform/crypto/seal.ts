import { CompactEncrypt, compactDecrypt } from 'jose'
import { deriveKey, type KeyPurpose } from '#lib/platform/crypto/derive-key.ts'

/** `text` encrypted for the database under APP_SECRET: JWE (RFC 7516), direct key, AES-256-GCM. */
export function seal(text: string, purpose: KeyPurpose): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(deriveKey(purpose))
}

/** What was sealed, or null where it was changed or sealed under another APP_SECRET or for another purpose. */
export async function unseal(sealed: string, purpose: KeyPurpose): Promise<string | null> {
  try {
    const { plaintext } = await compactDecrypt(sealed, deriveKey(purpose), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return new TextDecoder().decode(plaintext)
  } catch {
    // Whatever is wrong with it, nobody can read it any more.
    return null
  }
}
