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

/** Thrown to next-auth during a sign-in. next-auth shows `message`, so it holds only the reason. */
export class SignInRefused extends Error {
  constructor(reason: SignInReason, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'SignInRefused'
  }
}
