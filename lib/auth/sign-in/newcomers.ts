import { needsSetupCode } from '#lib/auth/sign-in/setup-code.ts'
import { SignInRefused } from '#lib/auth/sign-in/sign-in-refused.ts'
import { requireSignUp } from '#lib/auth/sign-in/sign-up-rules.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { type Account, createFounder, createMember, findAccountByEmail, hasAnyAccount } from '#lib/data/people/users.ts'
import { AppError } from '#lib/platform/errors.ts'

type Newcomer = { email: string; name: string }

/**
 * Makes an account for somebody whose address is proven already, by a mail or by a provider: the first one where no set-up
 * code is needed, later ones as SIGN_UP allows. Throws SignInRefused.
 */
export async function createProvenAccount(who: Newcomer, way: string): Promise<Account> {
  const made = (await hasAnyAccount()) ? await makeMember(who) : await makeFounder(who)
  if (made) {
    await recordAudit({ action: 'signed_up', actorId: made.id, subject: made.id, detail: { role: made.role, way } })
    return made
  }
  // Made by a second click at the same moment.
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
