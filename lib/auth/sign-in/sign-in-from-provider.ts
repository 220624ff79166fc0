import { createProvenAccount } from '#lib/auth/sign-in/create-proven-account.ts'
import { EmailAddress } from '#lib/auth/sign-in/parse-fields.ts'
import { SignInRefused } from '#lib/auth/sign-in/sign-in-refused.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { findIdentityOwner, joinIdentity } from '#lib/data/people/identities.ts'
import { findAccountByEmail, findStanding } from '#lib/data/people/users.ts'

/**
 * What a provider says about a person. `emailVerified` means that the provider vouches for the
 * address.
 */
export type ProviderProfile = { id: string; name: string; email: string | null; emailVerified: boolean }

/**
 * Returns the person whom a provider's account signs in. A known provider account signs in the
 * account it was joined to. Otherwise it joins the account with the same address if both sides
 * verified that address, or creates a new account if SIGN_UP allows. Throws SignInRefused.
 */
export async function signInFromProvider(provider: string, profile: ProviderProfile): Promise<{ userId: string }> {
  const owner = await findIdentityOwner(provider, profile.id)
  if (owner) return requireUsable(owner)
  const email = EmailAddress.safeParse(profile.email)
  if (!email.success || !profile.emailVerified) throw new SignInRefused('ProviderAddressNotVerified')
  const known = await findAccountByEmail(email.data)
  const account =
    known ?? (await createProvenAccount({ email: email.data, name: nameOf(profile, email.data) }, provider))
  if (!account.emailVerifiedAt) throw new SignInRefused('AccountAddressNotVerified')
  await requireUsable(account.id)
  await joinIdentity(account.id, provider, profile.id)
  await recordAudit({ action: 'identity_joined', actorId: account.id, subject: account.id, detail: { provider } })
  return { userId: account.id }
}

async function requireUsable(userId: string): Promise<{ userId: string }> {
  if (!(await findStanding(userId))) throw new SignInRefused('AccountDisabled')
  return { userId }
}

function nameOf({ name }: ProviderProfile, email: string): string {
  const plain = name
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 100)
  return plain || email.slice(0, email.indexOf('@'))
}
