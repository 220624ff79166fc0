import { createHash, randomBytes } from 'node:crypto'
import { toTimeCursor, whereAfter } from '#lib/data/keyset.ts'
import { takeTurn } from '#lib/data/person-lock.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { Role } from '#lib/generated/prisma/enums.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runSystemStatement, type Tx, withCaller, withSystem } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

const PREFIX = 'swb_'
const TOKENS_MAX = 50
const PAGE = 20
const USED_EVERY_MS = 60_000
/** How long an expired token stays in its owner's list, which says why a script no longer works. */
const KEPT_MS = 30 * 24 * 3_600_000

/** A personal token as its owner sees it, without the token itself. */
export type PersonalTokenRow = {
  id: string
  name: string
  scopes: string[]
  createdAt: Date
  lastUsedAt: Date | null
  expiresAt: Date | null
}

const ROW = { id: true, name: true, scopes: true, createdAt: true, lastUsedAt: true, expiresAt: true } as const

/** True for text in the form of a personal token: `swb_` and 32 random bytes in base64url. */
export function isPersonalToken(token: string): boolean {
  return /^swb_[\w-]{43}$/.test(token)
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

/**
 * Creates a token and returns it, the only time that it is visible. Throws conflict if the caller
 * already has 50 valid tokens, unauthenticated if the session has ended.
 */
export async function createPersonalToken(
  caller: Caller,
  wish: { name: string; scopes: string[]; expiresAt: Date | null },
): Promise<{ token: string; row: PersonalTokenRow }> {
  const token = PREFIX + randomBytes(32).toString('base64url')
  const row = await withCaller(caller, async (tx) => {
    await takeTurn(tx, caller)
    const valid = { OR: [{ expiresAt: null }, { expiresAt: { gte: new Date() } }] }
    const count = await tx.personalToken.count({ where: { ownerId: caller.userId, revokedAt: null, ...valid } })
    if (count >= TOKENS_MAX)
      throw new AppError('conflict', `You have ${TOKENS_MAX} tokens already. Revoke one that you no longer need.`)
    const data = { id: newId('tok'), ownerId: caller.userId, tokenHash: hashOf(token), ...wish }
    return tx.personalToken.create({ data, select: ROW })
  })
  return { token, row }
}

/**
 * The caller's unrevoked tokens, newest first, 20 a page. A cursor that is not from such a list
 * gives an empty page.
 */
export async function listPersonalTokens(
  caller: Caller,
  { after }: { after?: string } = {},
): Promise<Page<PersonalTokenRow>> {
  const rows = await withCaller(caller, (tx) =>
    tx.personalToken.findMany({
      where: { ownerId: caller.userId, revokedAt: null, ...whereAfter('createdAt', after) },
      select: ROW,
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: PAGE + 1,
    }),
  )
  return toPage(rows, PAGE, ({ createdAt, id }) => toTimeCursor(createdAt, id))
}

/** Revokes a token at once. Throws not_found if it is foreign, unknown or already revoked. */
export async function revokePersonalToken(caller: Caller, id: string): Promise<void> {
  const { count } = await withCaller(caller, (tx) =>
    tx.personalToken.updateMany({
      where: { id, ownerId: caller.userId, revokedAt: null },
      data: { revokedAt: new Date() },
    }),
  )
  if (count === 0) throw notFound('The token')
}

/** Revokes all of the caller's tokens at once. Returns their number. */
export function revokePersonalTokens(caller: Caller): Promise<number> {
  return withCaller(caller, (tx) => revokeTokensOf(tx, caller.userId))
}

/** Revokes all tokens of a person at once, within `tx`. Returns their number. */
export async function revokeTokensOf(tx: Tx, ownerId: string): Promise<number> {
  const { count } = await tx.personalToken.updateMany({
    where: { ownerId, revokedAt: null },
    data: { revokedAt: new Date() },
  })
  return count
}

/**
 * Returns the caller that a personal token stands for, and records its use (once a minute at most).
 * Null if it is unknown, revoked or expired, or its owner is disabled.
 */
export async function findTokenOwner(token: string): Promise<Caller | null> {
  const now = new Date()
  const [found] = await runSystemStatement<Found>(
    'tokens',
    Prisma.sql`
      SELECT token.id, token.owner_id AS "ownerId", token.scopes, token.last_used_at AS "lastUsedAt", owner.role
      FROM personal_tokens AS token JOIN users AS owner ON owner.id = token.owner_id
      WHERE token.token_hash = ${hashOf(token)} AND token.revoked_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at >= ${now}) AND owner.disabled_at IS NULL`,
  )
  if (!found) return null
  const { id, ownerId, scopes, lastUsedAt, role } = found
  if (now.getTime() - (lastUsedAt?.getTime() ?? 0) > USED_EVERY_MS)
    await withCaller({ userId: ownerId }, (tx) =>
      tx.personalToken.updateMany({ where: { id, ownerId }, data: { lastUsedAt: now } }),
    )
  return { userId: ownerId, role, via: 'token', tokenId: id, scopes }
}

/** Deletes the tokens of all people that expired or were revoked more than 30 days ago. */
export async function deleteEndedTokens(): Promise<void> {
  const before = { lt: new Date(Date.now() - KEPT_MS) }
  await withSystem('expiry', (tx) =>
    tx.personalToken.deleteMany({ where: { OR: [{ expiresAt: before }, { revokedAt: before }] } }),
  )
}

type Found = { id: string; ownerId: string; scopes: string[]; lastUsedAt: Date | null; role: Role }
