import { z } from 'zod'
import { consumeLimit, resetLimit } from '#lib/auth/limits/rate-limit.ts'
import { hashPassword, isPasswordCorrect, NewPassword } from '#lib/auth/passwords/passwords.ts'
import { renewSession, type Session } from '#lib/auth/sessions/session.ts'
import { deleteBytesOf, listAttachmentIds } from '#lib/data/attachments/attachment-expiry.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { dropCodes } from '#lib/data/people/one-time-codes.ts'
import { type Account, changePasswordHash, deleteUser, endSessions, requireAccount } from '#lib/data/people/users.ts'
import { AppError } from '#lib/platform/errors.ts'

const CHECKS = { name: 'password-check', points: 10, seconds: 900 }
const FRESH_SECONDS = 600

export const PasswordChange = z.object({ old_password: z.string().max(1_000).optional(), new_password: NewPassword })

/**
 * Changes the caller's password and ends every other session. Returns the Set-Cookie header that
 * keeps this one. Throws forbidden if the old password is wrong, and limited after ten tries in 15
 * minutes.
 */
export async function changePassword(session: Session, wish: z.infer<typeof PasswordChange>): Promise<string> {
  const account = await requireAccount(session.caller)
  await requireProof(session, account, wish.old_password)
  const version = await changePasswordHash(
    session.caller,
    account.sessionVersion,
    await hashPassword(wish.new_password),
  )
  await recordAudit({ action: 'password_changed', actorId: account.id, subject: account.id })
  return renewSession(session, version)
}

/**
 * Ends all sessions and run tokens of the caller except this session. Returns the Set-Cookie header
 * that keeps it.
 */
export async function signOutEverywhere(session: Session): Promise<string> {
  const { userId } = session.caller
  const version = await endSessions(session.caller)
  await recordAudit({ action: 'signed_out_everywhere', actorId: userId, subject: userId })
  return renewSession(session, version)
}

/**
 * Deletes the caller's account and everything it owns. Throws forbidden if the password is wrong,
 * conflict for the last admin.
 */
export async function deleteAccount(session: Session, password: string | undefined): Promise<void> {
  const account = await requireAccount(session.caller)
  await requireProof(session, account, password)
  const files = await listAttachmentIds(session.caller)
  await deleteUser(account.id)
  await deleteBytesOf(account.id, files)
  await dropCodes(account.email)
  await recordAudit({ action: 'account_deleted', actorId: account.id, subject: account.id })
}

// A person without a password proves themselves with a recent sign-in.
async function requireProof({ signedInAt }: Session, account: Account, password: string | undefined): Promise<void> {
  if (!account.passwordHash) {
    if (Date.now() / 1000 - signedInAt <= FRESH_SECONDS) return
    throw new AppError('forbidden', 'Sign out, sign in again, and then do this within ten minutes.')
  }
  await consumeLimit(CHECKS, account.id)
  if (!(await isPasswordCorrect(account.passwordHash, password ?? '')))
    throw new AppError('forbidden', 'The password is wrong.')
  await resetLimit(CHECKS, account.id)
}
