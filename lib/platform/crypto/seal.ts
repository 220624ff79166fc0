import { CompactEncrypt, compactDecrypt } from 'jose'
import { deriveKey, type KeyPurpose } from '#lib/platform/crypto/derive-key.ts'

/** Encrypts `text` for the database under APP_SECRET: JWE (RFC 7516), direct key, AES-256-GCM. */
export function seal(text: string, purpose: KeyPurpose): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(deriveKey(purpose))
}

/**
 * Decrypts sealed text. Returns null if it was changed, or sealed under another APP_SECRET or for
 * another purpose.
 */
export async function unseal(sealed: string, purpose: KeyPurpose): Promise<string | null> {
  try {
    const { plaintext } = await compactDecrypt(sealed, deriveKey(purpose), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return new TextDecoder().decode(plaintext)
  } catch {
    // Whatever the error is, the text can no longer be read.
    return null
  }
}
