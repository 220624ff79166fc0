import { hkdfSync } from 'node:crypto'
import { env } from '#lib/platform/env.ts'

export type KeyPurpose =
  | 'session cookies'
  | 'run tokens'
  | 'known devices'
  | 'set-up code'
  | 'signing keys'
  | 'client secrets'
  | 'consent cookies'
  | 'server secrets'
  | 'model secrets'
  | 'server accounts'
  | 'account requests'
  | 'ledger'
  | 'paused runs'
  | 'waiting calls'
  | 'answers to servers'
  | 'server tasks'

/**
 * Derives a 32-byte key for one purpose from APP_SECRET (HKDF). All replicas derive the same key,
 * and no two purposes share one.
 */
export function deriveKey(purpose: KeyPurpose): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', env().APP_SECRET, '', `switchboard: ${purpose}`, 32))
}
