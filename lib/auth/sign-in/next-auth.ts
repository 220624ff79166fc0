import NextAuth, { type NextAuthOptions } from 'next-auth'
import type { Provider } from 'next-auth/providers/index'
import {
  deriveSessionSecret,
  nameSessionCookie,
  SESSION_SECONDS,
  type SessionClaims,
} from '#lib/auth/sessions/session.ts'
import { listProviders, toIdentityProvider } from '#lib/auth/sign-in/providers.ts'
import { type ProviderProfile, signInFromProvider } from '#lib/auth/sign-in/sign-in-from-provider.ts'
import { SignInRefused } from '#lib/auth/sign-in/sign-in-refused.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { findIdentityOwner } from '#lib/data/people/identities.ts'
import { findSessionStanding } from '#lib/data/people/person-sessions.ts'
import { findPerson, findStanding } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'
import { toAppError } from '#lib/platform/errors.ts'
import { toLocalPath } from '#lib/platform/http/local-path.ts'
import { newId } from '#lib/platform/ids.ts'
import { log } from '#lib/platform/log.ts'

declare module 'next-auth' {
  interface User {
    sessionVersion: number
  }
}

/**
 * The next-auth configuration. Sessions are JWTs because password sign-in requires them; the
 * session version in the database revokes them.
 */
function authOptions(): NextAuthOptions {
  const cookie = nameSessionCookie()
  return {
    secret: deriveSessionSecret(),
    providers: listProviders() as Provider[],
    session: { strategy: 'jwt', maxAge: SESSION_SECONDS },
    cookies: { sessionToken: cookie },
    pages: { signIn: '/sign-in', signOut: '/sign-in', error: '/sign-in', verifyRequest: '/sign-in' },
    callbacks: {
      async signIn({ user, account }) {
        if (account?.type !== 'oauth') return true
        try {
          await signInFromProvider(toIdentityProvider(account.provider), user as unknown as ProviderProfile)
          return true
        } catch (thrown) {
          if (!(thrown instanceof SignInRefused))
            log.error({ error: thrown, code: toAppError(thrown).code }, 'sign-in by a provider failed')
          return `${env().APP_URL}/sign-in?error=${thrown instanceof SignInRefused ? thrown.message : 'Unavailable'}`
        }
      },
      // If this throws, the session ends: next-auth clears the cookie.
      async jwt({ token, user, account }) {
        if (!account) return requireStanding(token as unknown as SessionClaims)
        const signedInAt = Math.floor(Date.now() / 1000)
        const session = newId('ses')
        if (account.type !== 'oauth') return { sub: user.id, session, version: user.sessionVersion, signedInAt }
        const userId = await findIdentityOwner(toIdentityProvider(account.provider), account.providerAccountId)
        const standing = userId && (await findStanding(userId))
        if (!userId || !standing) throw new SignInRefused('AccountDisabled')
        return { sub: userId, session, version: standing.sessionVersion, signedInAt }
      },
      async session({ session, token }) {
        const person = await findPerson(String(token.sub))
        return { ...session, user: { name: person?.name, email: person?.email } }
      },
      redirect: ({ url }) => new URL(toLocalPath(url, env().APP_URL) ?? '/', env().APP_URL).href,
    },
    events: {
      async signIn({ user, account }) {
        const oauth =
          account?.type === 'oauth'
            ? await findIdentityOwner(toIdentityProvider(account.provider), account.providerAccountId)
            : user.id
        await recordAudit({
          action: 'signed_in',
          actorId: oauth ?? undefined,
          subject: oauth ?? undefined,
          detail: { way: account?.provider ?? '' },
        })
      },
    },
    logger: {
      error: (code, metadata) => log.warn({ code, error: causeOf(metadata) }, 'next-auth'),
      warn: (code) => log.warn({ code }, 'next-auth'),
      debug: () => {},
    },
  }
}

/** next-auth in the form that takes any request and response. */
export const nextAuth = (request: unknown, response: unknown): Promise<unknown> =>
  NextAuth(request as never, response as never, authOptions())

async function requireStanding({ sub, session, version, signedInAt }: SessionClaims) {
  const standing = await findSessionStanding(sub, session)
  if (standing?.sessionVersion !== version) throw new Error('The session was ended.')
  return { sub, session, version, signedInAt }
}

// Keep only the error: the rest of the metadata holds profiles and tokens.
function causeOf(metadata: unknown): unknown {
  if (metadata instanceof Error) return metadata
  return (metadata as { error?: unknown } | undefined)?.error
}
