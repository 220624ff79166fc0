/**
 * Why a sign-in was refused. It goes to /sign-in as `?error=`, where each reason has its sentence.
 */
export type SignInReason =
  | 'CredentialsSignin'
  | 'AccountDisabled'
  | 'AddressNotVerified'
  | 'TooManyAttempts'
  | 'Unavailable'
  | 'MailLinkSpent'
  | 'SignUpClosed'
  | 'SetUpFirst'
  | 'ProviderAddressNotVerified'
  | 'AccountAddressNotVerified'

/**
 * Thrown to next-auth during a sign-in. No AppError: next-auth puts `message` into an address, so it
 * holds only the reason, and the page has the sentences.
 */
export class SignInRefused extends Error {
  constructor(reason: SignInReason, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'SignInRefused'
  }
}
