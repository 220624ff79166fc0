import { z } from 'zod'
import { hashPassword, NewPassword } from '#lib/auth/passwords/passwords.ts'
import { parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { resetPasswordHash } from '#lib/data/people/users.ts'
import { notFound } from '#lib/platform/errors.ts'

/**
 * Sets an account's password by hand on a server without mail, and ends its sessions. Throws
 * not_found, or bad_request for a password of the wrong length.
 */
export async function resetPasswordByOperator(email: string, password: string): Promise<void> {
  const given = parseFields(z.object({ password: NewPassword }), { password })
  const account = await resetPasswordHash(email.trim().toLowerCase(), await hashPassword(given.password), {
    verified: false,
  })
  if (!account) throw notFound('An account with this address')
  await recordAudit({ action: 'password_reset', subject: account.id, detail: { way: 'operator' } })
}
