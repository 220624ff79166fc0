/** Why a sign-in was refused: travels as `?error=` to /sign-in, where each has its sentence. */
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

/** Thrown where next-auth asks who is signing in; it shows `message`, so that is the reason and nothing else. */
export class SignInRefused extends Error {
  constructor(reason: SignInReason, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'SignInRefused'
  }
}
