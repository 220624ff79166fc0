import { createHash } from 'node:crypto'
import { purgeOauthGrants, touchOauthGrant } from '#lib/data/oauth/oauth-grants.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Role } from '#lib/generated/prisma/enums.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runSystemStatement, withSystem } from '#lib/platform/db/db.ts'
import { log } from '#lib/platform/log.ts'

/**
 * A record that the authorization server keeps under a secret: a pending request, a code, a token,
 * or an assertion that was used.
 */
export type OauthRecordRow = {
  payload: Record<string, unknown>
  grantId: string | null
  consumedAt: Date | null
  expiresAt: Date
}

const PURGE_EVERY_MS = 600_000
/** How long (ms) a used refresh token is remembered, to detect that it is used again. */
export const CONSUMED_KEPT_MS = 14 * 86_400_000
let purgedAt = 0

/** The prefixes of access tokens and refresh tokens, so that a leaked one can be recognized. */
export const ACCESS_TOKEN_PREFIX = 'swo_'
export const REFRESH_TOKEN_PREFIX = 'swr_'

/** True for text in the form of our access tokens: `swo_` and 32 random bytes in base64url. */
export function isAccessToken(token: string): boolean {
  return /^swo_[\w-]{43}$/.test(token)
}

/**
 * The row id for a secret. The secret itself is not stored, so a reader of the table cannot use its
 * tokens.
 */
export function toRecordId(kind: string, secret: string): string {
  return createHash('sha256').update(`${kind}:${secret}`).digest('base64url')
}

/** Stores or replaces the record of `secret`, until `expiresAt`. */
export async function saveOauthRecord(
  kind: string,
  secret: string,
  {
    payload,
    ownerId,
    grantId,
    expiresAt,
  }: { payload: Record<string, unknown>; ownerId?: string; grantId?: string; expiresAt: Date },
): Promise<void> {
  void purgeExpired()
  const data = {
    kind,
    ownerId: ownerId ?? null,
    grantId: grantId ?? null,
    payload: payload as Prisma.InputJsonObject,
    expiresAt,
  }
  const id = toRecordId(kind, secret)
  await withSystem('tokens', (tx) => tx.oauthRecord.upsert({ where: { id }, create: { id, ...data }, update: data }))
}

/**
 * Records that `secret` was used, until `expiresAt`. False if it was used before: of two at once,
 * one gets true.
 */
export async function addOauthRecord(kind: string, secret: string, expiresAt: Date): Promise<boolean> {
  const data = { id: toRecordId(kind, secret), kind, payload: {}, expiresAt }
  const { count } = await withSystem('tokens', (tx) => tx.oauthRecord.createMany({ data, skipDuplicates: true }))
  return count === 1
}

/**
 * The record of `secret`, even if it is used up, or expired but not yet deleted. Null if it is
 * unknown.
 */
export function findOauthRecord(kind: string, secret: string): Promise<OauthRecordRow | null> {
  return withSystem('tokens', async (tx) => {
    const select = { payload: true, grantId: true, consumedAt: true, expiresAt: true }
    const found = await tx.oauthRecord.findUnique({ where: { id: toRecordId(kind, secret) }, select })
    return found && { ...found, payload: found.payload as Record<string, unknown> }
  })
}

/** Uses a record up. False if it was already used up: of two at once, one gets true. */
export function consumeOauthRecord(kind: string, secret: string): Promise<boolean> {
  return withSystem('tokens', async (tx) => {
    const now = new Date()
    const keptUntil = new Date(now.getTime() + CONSUMED_KEPT_MS)
    const where = { id: toRecordId(kind, secret), consumedAt: null }
    const { count } = await tx.oauthRecord.updateMany({ where, data: { consumedAt: now } })
    await tx.oauthRecord.updateMany({
      where: { id: where.id, expiresAt: { gt: keptUntil } },
      data: { expiresAt: keptUntil },
    })
    return count === 1
  })
}

/** Deletes a record. False if it was already deleted: of two at once, one gets true. */
export async function dropOauthRecord(kind: string, secret: string): Promise<boolean> {
  const { count } = await withSystem('tokens', (tx) =>
    tx.oauthRecord.deleteMany({ where: { id: toRecordId(kind, secret) } }),
  )
  return count === 1
}

/**
 * Returns the caller that an access token stands for at `audience`, and records its use (once a
 * minute at most). Null if it is unknown, expired, revoked, for another server or older than the
 * person's session version, or if its owner is disabled.
 */
export async function findAccessTokenOwner(token: string, audience: string): Promise<Caller | null> {
  const now = new Date()
  const [found] = await runSystemStatement<Found>(
    'tokens',
    Prisma.sql`
      SELECT record.payload ->> 'scope' AS scope, allowed.id, allowed.owner_id AS "ownerId", allowed.client_name AS "clientName",
        allowed.last_used_at AS "lastUsedAt", owner.role
      FROM oauth_records AS record
        JOIN oauth_grants AS allowed ON allowed.id = record.grant_id
        JOIN users AS owner ON owner.id = allowed.owner_id
      WHERE record.id = ${toRecordId('AccessToken', token)} AND record.expires_at > ${now} AND record.payload ->> 'aud' = ${audience}
        AND allowed.session_version = owner.session_version AND owner.disabled_at IS NULL`,
  )
  if (!found) return null
  await touchOauthGrant(found, now)
  const { id, ownerId, role, clientName, scope } = found
  return {
    userId: ownerId,
    role,
    via: 'token',
    tokenId: id,
    scopes: scope?.split(' ').filter(Boolean) ?? [],
    clientName,
  }
}

type Found = {
  id: string
  ownerId: string
  role: Role
  clientName: string
  lastUsedAt: Date | null
  scope: string | null
}

async function purgeExpired(): Promise<void> {
  if (Date.now() - purgedAt < PURGE_EVERY_MS) return
  purgedAt = Date.now()
  try {
    await withSystem('expiry', async (tx) => {
      await tx.oauthRecord.deleteMany({ where: { expiresAt: { lt: new Date() } } })
      await purgeOauthGrants(tx)
    })
  } catch (error) {
    log.warn({ error }, 'expired tokens were not cleared')
  }
}
