import { needsSetupCode } from '#lib/auth/sign-in/setup-code.ts'
import { SignInRefused } from '#lib/auth/sign-in/sign-in-refused.ts'
import { requireSignUp } from '#lib/auth/sign-in/sign-up-rules.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { createFounder, createMember } from '#lib/data/people/create-account.ts'
import { type Account, findAccountByEmail, hasAnyAccount } from '#lib/data/people/users.ts'
import { AppError } from '#lib/platform/errors.ts'

type Newcomer = { email: string; name: string }

/**
 * Creates an account for an address that a mail or a provider has already proven. The first account
 * is created only if no set-up code is needed; later ones follow SIGN_UP. Throws SignInRefused, or
 * conflict if the account disappears at the same moment.
 */
export async function createProvenAccount(who: Newcomer, way: string): Promise<Account> {
  const made = (await hasAnyAccount()) ? await makeMember(who) : await makeFounder(who)
  if (made) {
    await recordAudit({ action: 'signed_up', actorId: made.id, subject: made.id, detail: { role: made.role, way } })
    return made
  }
  // A second click at the same moment created it.
  const account = await findAccountByEmail(who.email)
  if (!account) throw new AppError('conflict', 'This account is being changed just now. Try again.')
  return account
}

async function makeFounder(who: Newcomer): Promise<Account> {
  if (needsSetupCode()) throw new SignInRefused('SetUpFirst')
  return createFounder({ ...who, emailVerified: true })
}

async function makeMember(who: Newcomer): Promise<Account | null> {
  try {
    requireSignUp(who.email)
  } catch (cause) {
    throw new SignInRefused('SignUpClosed', { cause })
  }
  return createMember({ ...who, emailVerified: true })
}
