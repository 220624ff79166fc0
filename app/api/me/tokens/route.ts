import { z } from 'zod'
import { route } from '#lib/auth/route.ts'
import { SCOPES, type Scope } from '#lib/auth/tokens/scopes.ts'
import { recordAudit } from '#lib/data/audit.ts'
import {
  createPersonalToken,
  listPersonalTokens,
  type PersonalTokenRow,
  revokePersonalTokens,
} from '#lib/data/people/personal-tokens.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const DAY_MS = 86_400_000

const Wish = z.object({
  name: z
    .string({ error: 'Name the token after what will use it.' })
    .trim()
    .min(1, 'Name the token after what will use it.')
    .max(100, 'The name is longer than 100 characters.'),
  scopes: z
    .array(
      z.enum(Object.keys(SCOPES) as Scope[], 'One of the permissions does not exist.'),
      'Choose at least one permission.',
    )
    .min(1, 'Choose at least one permission.')
    .transform((scopes) => [...new Set(scopes)]),
  expires_in_days: z
    .int('Choose how many days the token is valid.')
    .min(1, 'A token is valid for a day at least.')
    .max(3_650, 'A token is valid for ten years at most.')
    .nullable(),
})

export const GET = route({}, async ({ request, caller }) => {
  const after = new URL(request.url).searchParams.get('after') ?? undefined
  const { data, ...rest } = await listPersonalTokens(caller, { after })
  return jsonResponse({ data: data.map(wire), ...rest })
})

export const POST = route({ body: Wish }, async ({ caller, body }) => {
  const { name, scopes, expires_in_days: days } = body
  const expiresAt = days === null ? null : new Date(Date.now() + days * DAY_MS)
  const { token, row } = await createPersonalToken(caller, { name, scopes, expiresAt })
  await recordAudit({ action: 'token_made', actorId: caller.userId, subject: row.id, detail: { scopes } })
  return jsonResponse({ ...wire(row), token }, { status: 201 })
})

/** Revokes all of the person's tokens. */
export const DELETE = route({}, async ({ caller }) => {
  const revoked = await revokePersonalTokens(caller)
  await recordAudit({
    action: 'tokens_revoked',
    actorId: caller.userId,
    subject: caller.userId,
    detail: { count: revoked },
  })
  return jsonResponse({ revoked })
})

function wire({ id, name, scopes, createdAt, lastUsedAt, expiresAt }: PersonalTokenRow) {
  return { id, name, scopes, created_at: createdAt, last_used_at: lastUsedAt, expires_at: expiresAt }
}
