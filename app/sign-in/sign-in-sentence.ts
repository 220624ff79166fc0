import type { Sentence } from '#lib/platform/language/sentences.ts'

const TRY_AGAIN: Sentence = 'Signing in did not work. Try again. If it persists, tell your administrator.'
const PROVIDER: Sentence = 'The other service did not let you in, or could not be reached. Try again.'

/** The sentence for each reason of a refused sign-in: next-auth's reasons and our own. */
const SENTENCES: Record<string, Sentence> = {
  CredentialsSignin: 'The address or the password is wrong.',
  TooManyAttempts: 'Too many attempts. Try again in 15 minutes; after many from different places it can take an hour.',
  Unavailable: 'The server is busy or cannot reach its database just now. Try again in a moment.',
  AccountDisabled: 'This account is disabled. Ask your administrator.',
  AddressNotVerified: 'Your address is not verified yet. We have sent you a mail: open its link to finish.',
  MailLinkSpent: 'This sign-in link was used already or is older than 15 minutes. Ask for a new one.',
  SignUpClosed: 'There is no account for this address, and new ones are not open to it. Ask your administrator.',
  SetUpFirst: 'This server has no account yet. Its operator creates the first one with the set-up code.',
  ProviderAddressNotVerified:
    'The other service has not verified your e-mail address. Verify it there, then sign in again.',
  AccountAddressNotVerified:
    'There is an account with this address, but it has not verified it. Sign in with its password and verify the address under Settings, or reset the password by mail.',
  AccessDenied: 'You may not sign in here. Ask your administrator.',
  Verification: 'This sign-in link was used already or is too old. Ask for a new one.',
  OAuthSignin: PROVIDER,
  OAuthCallback: PROVIDER,
  OAuthCreateAccount: PROVIDER,
  OAuthAccountNotLinked: 'This address belongs to an account that signs in another way. Use that way.',
  EmailCreateAccount: TRY_AGAIN,
  EmailSignin: 'The mail could not be sent. Check the address and try again.',
  Callback: TRY_AGAIN,
  SessionRequired: 'Sign in to see this page.',
  Configuration: 'Sign-in is not set up correctly on this server. Tell your administrator.',
}

/** The sentence for a reason; a general one for an unknown reason. */
export function findSentence(reason: string): Sentence {
  return SENTENCES[reason] ?? TRY_AGAIN
}
