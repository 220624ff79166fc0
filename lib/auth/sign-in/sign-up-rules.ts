import { env, isLocalOnly } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'

export type SignUpMode = 'open' | 'domain' | 'closed'

/**
 * Who may create an account: SIGN_UP. Unless it is set, "open" if only this machine can reach the
 * server, else "closed".
 */
export function signUpMode(): SignUpMode {
  return env().SIGN_UP ?? (isLocalOnly(env()) ? 'open' : 'closed')
}

/** Throws forbidden, with a reason for the person, if this address may not have an account. */
export function requireSignUp(email: string): void {
  const mode = signUpMode()
  if (mode === 'closed')
    throw new AppError('forbidden', 'New accounts are closed on this server. Ask its administrator for one.')
  if (mode === 'domain' && !allowedDomain(email))
    throw new AppError('forbidden', `New accounts need an address at ${env().SIGN_UP_DOMAINS.join(' or ')}.`)
}

function allowedDomain(email: string): boolean {
  return env().SIGN_UP_DOMAINS.includes(email.slice(email.lastIndexOf('@') + 1))
}

/**
 * True if the account must prove its address before it can be used. The first account is exempt,
 * because it was created with the set-up code.
 */
export function mustVerify(account: { emailVerifiedAt: Date | null; founder: boolean }): boolean {
  return signUpMode() === 'domain' && !account.emailVerifiedAt && !account.founder
}
