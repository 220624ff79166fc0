import { createHash, randomBytes } from 'node:crypto'
import { withSystem } from '#lib/platform/db/db.ts'

/** The purposes of mailed codes, with their lifetimes in seconds. */
const LIFETIME = { 'reset-password': 3_600, 'verify-email': 86_400, 'sign-in': 900 } as const

export type CodePurpose = keyof typeof LIFETIME

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url')
}

/**
 * Creates a single-use code for this address, to be mailed. Only its hash is stored. Also deletes
 * everybody's expired codes.
 */
export async function createCode(purpose: CodePurpose, email: string): Promise<string> {
  const code = randomBytes(32).toString('base64url')
  const expiresAt = new Date(Date.now() + LIFETIME[purpose] * 1000)
  await withSystem('recovery', async (tx) => {
    await tx.oneTimeCode.deleteMany({ where: { expiresAt: { lt: new Date() } } })
    await tx.oneTimeCode.create({ data: { tokenHash: hashOf(code), purpose, email, expiresAt } })
  })
  return code
}

/**
 * The address that a code was mailed to, without using the code up. Null if it is unknown, used or
 * expired.
 */
export function peekCode(purpose: CodePurpose, code: string): Promise<string | null> {
  return withSystem('recovery', async (tx) => {
    const found = await tx.oneTimeCode.findFirst({
      where: { tokenHash: hashOf(code), purpose, expiresAt: { gt: new Date() } },
    })
    return found?.email ?? null
  })
}

/**
 * Uses a code up and returns its address. Null if it is unknown, used or expired. Of two
 * simultaneous uses, one gets the address.
 */
export function redeemCode(purpose: CodePurpose, code: string): Promise<string | null> {
  return withSystem('recovery', async (tx) => {
    const where = { tokenHash: hashOf(code), purpose, expiresAt: { gt: new Date() } }
    const found = await tx.oneTimeCode.findFirst({ where })
    if (!found) return null
    const { count } = await tx.oneTimeCode.deleteMany({ where })
    return count === 1 ? found.email : null
  })
}

/**
 * Deletes the codes of an address (of one purpose, or all): after a password reset, and when its
 * account is deleted.
 */
export async function dropCodes(email: string, purpose?: CodePurpose): Promise<void> {
  await withSystem('recovery', (tx) => tx.oneTimeCode.deleteMany({ where: { email, ...(purpose && { purpose }) } }))
}
