import { recordAudit } from '#lib/data/audit.ts'
import { CONSUMED_KEPT_MS, toRecordId } from '#lib/data/oauth/oauth-records.ts'
import { withSystem } from '#lib/platform/db/db.ts'

/**
 * A client that refreshes several times at once may use a token up to USES_MAX times, all within
 * this time (ms) of the first use.
 */
const GRACE_MS = 30_000
const USES_MAX = 6

/** The state of a refresh token at its use, by the database clock, which all replicas share. */
type Use = { grantId: string; ownerId: string; clientName: string; uses: number; alive: boolean; inTime: boolean }

/**
 * Uses a refresh token up. The caller has checked that the token belongs to the client and covers
 * the scope. `used`: a new pair may be issued. `ended`: the grant is revoked, its person is
 * disabled or signed out, or the token does not exist. `reused`: the token was already spent, so
 * its grant is deleted with everything issued from it, and the event is audited.
 *
 * Tokens issued the same number of refreshes after the consent are siblings, usually answers to the
 * same refresh. Their grace time starts when the first of them is used and does not restart. A
 * client that kept one for later is not the client that continued with another.
 */
export async function spendRefreshToken(secret: string): Promise<'used' | 'ended' | 'reused'> {
  const id = toRecordId('RefreshToken', secret)
  const { outcome, use } = await withSystem('tokens', async (tx) => {
    // Serializes refreshes of one grant across all replicas.
    await tx.$executeRaw`
      SELECT FROM oauth_grants WHERE id = (SELECT grant_id FROM oauth_records WHERE id = ${id}) FOR UPDATE`
    const [use] = await tx.$queryRaw<Use[]>`
      SELECT allowed.id AS "grantId", allowed.owner_id AS "ownerId", allowed.client_name AS "clientName", record.uses,
        owner.disabled_at IS NULL AND owner.session_version = allowed.session_version AS alive,
        NOT EXISTS (
          SELECT FROM oauth_records AS sibling
          WHERE sibling.grant_id = record.grant_id AND sibling.kind = record.kind
            AND sibling.payload -> 'rotations' IS NOT DISTINCT FROM record.payload -> 'rotations'
            AND sibling.consumed_at < now() - ${GRACE_MS}::integer * interval '1 millisecond'
        ) AS "inTime"
      FROM oauth_records AS record
        JOIN oauth_grants AS allowed ON allowed.id = record.grant_id
        JOIN users AS owner ON owner.id = allowed.owner_id
      WHERE record.id = ${id}`
    if (!use?.alive) return { outcome: 'ended' as const }
    if (!use.inTime || use.uses >= USES_MAX) {
      await tx.oauthGrant.delete({ where: { id: use.grantId } })
      return { outcome: 'reused' as const, use }
    }
    await tx.$executeRaw`
      UPDATE oauth_records SET uses = uses + 1, consumed_at = coalesce(consumed_at, now()),
        expires_at = least(expires_at, now() + ${CONSUMED_KEPT_MS}::bigint * interval '1 millisecond')
      WHERE id = ${id}`
    return { outcome: 'used' as const }
  })
  if (use)
    await recordAudit({
      action: 'client_token_reused',
      subject: use.ownerId,
      detail: { grant: use.grantId, client: use.clientName },
    })
  return outcome
}
