import CredentialsProvider from 'next-auth/providers/credentials'
import type { OAuthConfig, Provider } from 'next-auth/providers/index'
import { canMail } from '#lib/auth/mail/send-mail.ts'
import { checkCredentials } from '#lib/auth/sign-in/check-credentials.ts'
import { redeemMailLink } from '#lib/auth/sign-in/mail-link.ts'
import type { ProviderProfile } from '#lib/auth/sign-in/sign-in-from-provider.ts'
import { SignInRefused } from '#lib/auth/sign-in/sign-in-refused.ts'
import type { Account } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { log } from '#lib/platform/log.ts'

const HTTP = { timeout: 10_000 }
const GITHUB_API = 'https://api.github.com'

type Claims = {
  sub: string
  name?: string
  preferred_username?: string
  email?: string
  email_verified?: boolean | string
}

/** Every way to sign in that the settings allow, in next-auth's form. */
export function listProviders(): Provider[] {
  const { GITHUB_ID, GITHUB_SECRET, GOOGLE_ID, GOOGLE_SECRET, OIDC_ISSUER, OIDC_ID, OIDC_SECRET, OIDC_NAME } = env()
  return [
    byPassword(),
    ...(canMail() ? [byMailLink()] : []),
    ...(GITHUB_ID && GITHUB_SECRET ? [github(GITHUB_ID, GITHUB_SECRET)] : []),
    ...(GOOGLE_ID && GOOGLE_SECRET
      ? [openId('google', 'Google', 'https://accounts.google.com', GOOGLE_ID, GOOGLE_SECRET)]
      : []),
    ...(OIDC_ISSUER && OIDC_ID && OIDC_SECRET ? [openId('oidc', OIDC_NAME, OIDC_ISSUER, OIDC_ID, OIDC_SECRET)] : []),
  ]
}

/** The providers that the sign-in page shows as buttons. */
export function listFederatedProviders(): { id: string; name: string }[] {
  return listProviders()
    .filter(({ type }) => type === 'oauth')
    .map(({ id, name }) => ({ id, name }))
}

/**
 * The provider's name in the identities table. A subject is unique only within its issuer, so the
 * name includes the issuer.
 */
export function toIdentityProvider(id: string): string {
  return id === 'oidc' ? `oidc ${env().OIDC_ISSUER}` : id
}

function byPassword(): Provider {
  return CredentialsProvider({
    id: 'credentials',
    name: 'Password',
    credentials: { email: { label: 'E-mail', type: 'email' }, password: { label: 'Password', type: 'password' } },
    authorize: (given, request) => signing(() => checkCredentials(given ?? {}, new Headers(request.headers))),
  })
}

function byMailLink(): Provider {
  return CredentialsProvider({
    id: 'mail-link',
    name: 'Link by mail',
    credentials: { code: { label: 'Code', type: 'text' } },
    authorize: (given, request) => signing(() => redeemMailLink(given?.code, new Headers(request.headers))),
  })
}

// next-auth puts the message of an error thrown here into a URL, so only reasons may leave.
async function signing(check: () => Promise<Account>): Promise<{ id: string; sessionVersion: number }> {
  try {
    const { id, sessionVersion } = await check()
    return { id, sessionVersion }
  } catch (thrown) {
    if (thrown instanceof SignInRefused) throw thrown
    const error = toAppError(thrown)
    if (error.code === 'limited') throw new SignInRefused('TooManyAttempts', { cause: error })
    log.error({ error: thrown }, 'sign-in failed')
    throw new SignInRefused('Unavailable', { cause: error })
  }
}

function openId(id: string, name: string, issuer: string, clientId: string, clientSecret: string): OAuthConfig<Claims> {
  return {
    id,
    name,
    type: 'oauth',
    wellKnown: `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`,
    clientId,
    clientSecret,
    authorization: { params: { scope: 'openid email profile' } },
    idToken: true,
    checks: ['pkce', 'state', 'nonce'],
    httpOptions: HTTP,
    userinfo: {
      // Many issuers put the address only into userinfo. openid-client checks that both have the
      // same subject.
      async request({ client, tokens }) {
        const claims = (tokens as unknown as { claims: () => Claims }).claims()
        return claims.email ? claims : { ...claims, ...(await client.userinfo(tokens as never)) }
      },
    },
    profile: (claims) =>
      profileOf({
        id: claims.sub,
        name: claims.name ?? claims.preferred_username ?? '',
        email: claims.email ?? null,
        emailVerified: claims.email_verified === true || claims.email_verified === 'true',
      }),
  }
}

type GithubUser = { id: number; login: string; name: string | null; primary?: { email: string; verified: boolean } }

function github(clientId: string, clientSecret: string): OAuthConfig<GithubUser> {
  return {
    id: 'github',
    name: 'GitHub',
    type: 'oauth',
    clientId,
    clientSecret,
    issuer: 'https://github.com/login/oauth',
    authorization: { url: 'https://github.com/login/oauth/authorize', params: { scope: 'read:user user:email' } },
    token: 'https://github.com/login/oauth/access_token',
    checks: ['pkce', 'state'],
    httpOptions: HTTP,
    userinfo: {
      url: `${GITHUB_API}/user`,
      // The public address of a profile may be unverified. Only the list of addresses says which
      // are verified.
      async request({ tokens }) {
        const [user, emails] = await Promise.all([
          githubApi('/user', tokens.access_token),
          githubApi('/user/emails', tokens.access_token),
        ])
        return { ...user, primary: emails.find(({ primary }: { primary: boolean }) => primary) }
      },
    },
    profile: ({ id, login, name, primary }) =>
      profileOf({
        id: String(id),
        name: name ?? login,
        email: primary?.email ?? null,
        emailVerified: primary?.verified === true,
      }),
  }
}

async function githubApi(path: string, token: string | undefined) {
  const response = await fetch(GITHUB_API + path, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'user-agent': 'switchboard' },
    signal: AbortSignal.timeout(HTTP.timeout),
  })
  if (!response.ok) throw new Error(`GitHub answered ${response.status} to ${path}`)
  return response.json()
}

// next-auth passes this object on as the user. `sessionVersion` is filled in later, when the person
// is known.
function profileOf(profile: ProviderProfile) {
  return { ...profile, sessionVersion: 0 }
}
