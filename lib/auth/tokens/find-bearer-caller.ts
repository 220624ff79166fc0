import { findRunTokenCaller } from '#lib/auth/tokens/run-tokens.ts'
import { findAccessTokenOwner, isAccessToken } from '#lib/data/oauth/oauth-records.ts'
import { findTokenOwner, isPersonalToken } from '#lib/data/people/personal-tokens.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'

/**
 * Returns the caller that a bearer token stands for at `audience`: a run token or an authorized
 * app's token issued for it, or a personal token. Null for anything else.
 */
export function findBearerCaller(token: string, audience: string): Promise<Caller | null> {
  if (isPersonalToken(token)) return findTokenOwner(token)
  if (isAccessToken(token)) return findAccessTokenOwner(token, audience)
  return findRunTokenCaller(token, audience)
}
