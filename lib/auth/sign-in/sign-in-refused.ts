import { countRefusedSignIn } from '#lib/platform/metrics/http-metrics.ts'

/**
 * Why a sign-in was refused. It goes to /sign-in as `?error=`, where each reason has its sentence.
 */
export const SIGN_IN_REASONS = [
  'CredentialsSignin',
  'AccountDisabled',
  'AddressNotVerified',
  'TooManyAttempts',
  'Unavailable',
  'MailLinkSpent',
  'SignUpClosed',
  'SetUpFirst',
  'ProviderAddressNotVerified',
  'AccountAddressNotVerified',
] as const
export type SignInReason = (typeof SIGN_IN_REASONS)[number]

/**
 * Thrown to next-auth during a sign-in. No AppError: next-auth puts `message` into an address, so it
 * holds only the reason, and the page has the sentences.
 */
export class SignInRefused extends Error {
  constructor(reason: SignInReason, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'SignInRefused'
    countRefusedSignIn(reason)
  }
}
