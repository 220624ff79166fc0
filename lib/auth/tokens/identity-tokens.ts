import { importJWK, SignJWT } from 'jose'
import { loadSigningKeys } from '#lib/auth/tokens/signing-keys.ts'
import { env } from '#lib/platform/env.ts'
import { newId } from '#lib/platform/ids.ts'
import { processState } from '#lib/platform/process-state.ts'

/** The `typ` header of these tokens. No other token signed with the same keys has it. */
export const IDENTITY_TOKEN_TYPE = 'mcp-identity+jwt'
const VALID_SECONDS = 60
const KEYS_REREAD_MS = 60_000

const signing = processState(
  'identity key',
  (): { current?: { until: number; key: ReturnType<typeof firstKey> } } => ({}),
)

/**
 * Returns a JWT that tells the server at `audience` for whom a call is made. It is signed with a
 * key of the set at `${APP_URL}/oauth/jwks`, is valid at no other server, and expires after 60
 * seconds.
 */
export async function signIdentity(
  user: { id: string; email: string | null; name: string; role: string },
  audience: string,
  { runId, threadId }: { runId?: string; threadId?: string } = {},
): Promise<string> {
  const { key, kid, alg } = await currentKey()
  const { id, email, name, role } = user
  return new SignJWT({
    ...(email && { email, email_verified: true }),
    name,
    role,
    ...(runId && { run: runId }),
    ...(threadId && { thread: threadId }),
  })
    .setProtectedHeader({ alg, kid, typ: IDENTITY_TOKEN_TYPE })
    .setIssuer(env().APP_URL)
    .setSubject(id)
    .setAudience(audience)
    .setJti(newId('jti'))
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + VALID_SECONDS)
    .sign(key)
}

function currentKey(): ReturnType<typeof firstKey> {
  const known = signing().current
  if (known && known.until > Date.now()) return known.key
  const key = firstKey()
  signing().current = { until: Date.now() + KEYS_REREAD_MS, key }
  key.catch(() => {
    signing().current = undefined
  })
  return key
}

async function firstKey() {
  const [jwk] = await loadSigningKeys()
  if (!jwk?.kid || !jwk.alg) throw new Error('there is no key to sign with')
  return { key: await importJWK(jwk, jwk.alg), kid: jwk.kid, alg: jwk.alg }
}
