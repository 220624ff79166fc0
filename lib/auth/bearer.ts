import type { Caller } from '#lib/auth/caller.ts'
import { callerFromRunToken } from '#lib/auth/run-tokens.ts'
import { findTokenOwner, isPersonalToken } from '#lib/data/personal-tokens.ts'

/** Who a bearer token speaks for at `audience`: a run token minted for it, or a personal token. Null for anything else. */
export function callerFromBearer(token: string, audience: string): Promise<Caller | null> {
  return isPersonalToken(token) ? findTokenOwner(token) : callerFromRunToken(token, audience)
}
