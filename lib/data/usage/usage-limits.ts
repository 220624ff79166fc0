import { z } from 'zod'
import { Audience, audienceCondition } from '#lib/data/audience.ts'
import { recordAudit } from '#lib/data/audit.ts'
import { LIMITS_CHANNEL } from '#lib/data/usage/limits-in-force.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { UsagePeriod, UsageUnit } from '#lib/generated/prisma/enums.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { runSystemStatement, withSystem } from '#lib/platform/db/db.ts'
import { AppError, notFound } from '#lib/platform/errors.ts'
import { newId } from '#lib/platform/ids.ts'

/** The largest amount of a limit: a trillion tokens, or a million dollars. */
export const AMOUNT_MAX = 1_000_000_000_000n
const LIMITS_MAX = 500

/**
 * How much may be used in a day or month (UTC). `amount` is in tokens, or in millionths of a dollar.
 * `isShared`: all people of the audience together, else each of them. `warnPercent`: people are
 * warned when this share is used.
 */
export type UsageLimit = {
  id: string
  audience: Audience
  isShared: boolean
  period: UsagePeriod
  unit: UsageUnit
  amount: bigint
  warnPercent: number
}

/** How far a limit is used up, in its present period. */
export type LimitStanding = UsageLimit & {
  used: bigint
  /** Reserved by requests that are under way. */
  reserved: bigint
  startsOn: Date
  endsAt: Date
}

type StandingRow = Omit<LimitStanding, 'audience' | 'amount' | 'used' | 'reserved'> & {
  audience: unknown
  amount: string
  used: string
  reserved: string
}

export function toStanding<Row extends StandingRow>({ audience, amount, used, reserved, ...row }: Row) {
  return {
    ...row,
    audience: toAudience(audience),
    amount: BigInt(amount),
    used: BigInt(used),
    reserved: BigInt(reserved),
  }
}

/** An audience that cannot be read is nobody's, as in SQL. */
function toAudience(stored: unknown): Audience {
  return Audience.safeParse(stored).data ?? { kind: 'chosen', roles: [], people: [] }
}

/**
 * The limits that concern one person with their standing, as a query. `where` sees them as `limit`.
 */
export function selectStandings(ownerId: string): Prisma.Sql {
  return Prisma.sql`
    SELECT lim.id, lim.audience, lim.is_shared AS "isShared", lim.period, lim.unit, lim.amount, lim.warn_percent AS "warnPercent",
      lim.starts_on AS "startsOn", ((lim.starts_on + ('1 ' || lim.period)::interval) AT TIME ZONE 'UTC') AS "endsAt",
      CASE WHEN lim.is_shared THEN ${usedBy(sharers)} ELSE ${usedBy(own)} END AS used,
      CASE WHEN lim.is_shared THEN ${reservedBy(sharers)} ELSE ${reservedBy(own)} END AS reserved
    FROM users AS person JOIN ${LIMITS} AS lim ON ${audienceCondition(COLUMN, { id: Prisma.sql`person.id`, role: Prisma.sql`person.role` })}
    WHERE person.id = ${ownerId}`
}

/** The limits with the first day of their present period. */
const LIMITS = Prisma.sql`(
  SELECT *, date_trunc(period::text, now() AT TIME ZONE 'UTC')::date AS starts_on FROM usage_limits)`
const COLUMN = Prisma.sql`lim.audience`

type Whose = (owner: Prisma.Sql) => Prisma.Sql
const own: Whose = (owner) => Prisma.sql`${owner} = person.id`
// What deleted people used still counts for everybody.
const sharers: Whose = (owner) => Prisma.sql`(lim.audience->>'kind' = 'everybody' OR ${owner} IN (
  SELECT id FROM users AS sharer WHERE ${audienceCondition(COLUMN, { id: Prisma.sql`sharer.id`, role: Prisma.sql`sharer.role` })}))`

function usedBy(whose: Whose): Prisma.Sql {
  return Prisma.sql`(
    SELECT coalesce(sum(CASE lim.unit WHEN 'tokens' THEN tokens ELSE cost_micros END), 0)::bigint FROM usage_sums
    WHERE period = lim.period AND usage_sums.starts_on = lim.starts_on AND ${whose(Prisma.sql`owner_id`)})`
}

function reservedBy(whose: Whose): Prisma.Sql {
  return Prisma.sql`(
    SELECT coalesce(sum(CASE lim.unit WHEN 'tokens' THEN input_tokens::bigint + output_tokens ELSE coalesce(cost_micros, 0) END), 0)::bigint
    FROM model_requests WHERE settled_at IS NULL AND expires_at > now() AND created_at >= lim.starts_on::timestamp AT TIME ZONE 'UTC'
      AND ${whose(Prisma.sql`owner_id`)})`
}

/** The limits that concern the caller, the one that is used most first. */
export async function listOwnLimits(caller: { userId: string }): Promise<LimitStanding[]> {
  const rows = await runSystemStatement<StandingRow>('usage', selectStandings(caller.userId))
  const share = ({ used, amount }: LimitStanding) => (amount === 0n ? 1 : Number(used) / Number(amount))
  return rows.map(toStanding).sort((one, other) => share(other) - share(one))
}

/** All limits. For those that people share, `used` is what they used in the present period. */
export async function listLimits(): Promise<(UsageLimit & { used: bigint | null })[]> {
  const rows = await runSystemStatement<Omit<StandingRow, 'used'> & { used: string | null }>(
    'usage',
    Prisma.sql`
      SELECT id, audience, is_shared AS "isShared", period, unit, amount, warn_percent AS "warnPercent",
        CASE WHEN is_shared THEN ${usedBy(sharers)} END AS used
      FROM ${LIMITS} AS lim ORDER BY audience->>'kind' DESC, period, unit, id LIMIT ${LIMITS_MAX}`,
  )
  return rows.map(({ audience, amount, used, ...row }) => ({
    ...row,
    audience: toAudience(audience),
    amount: BigInt(amount),
    used: used === null ? null : BigInt(used),
  }))
}

/** What an admin enters of a limit. */
export const LimitValues = z.object({
  audience: Audience,
  isShared: z.boolean(),
  period: z.enum(['day', 'month']),
  unit: z.enum(['tokens', 'cost']),
  amount: z.bigint().min(0n).max(AMOUNT_MAX),
  warnPercent: z.int().min(1).max(100),
})
export type LimitValues = z.infer<typeof LimitValues>

/**
 * Stores a limit; without `id` a new one. It counts from the next request on, on every replica. Only
 * for callers whose admin role was checked. Throws not_found, and conflict if there are 500 already.
 */
export async function saveLimit(admin: Caller, values: LimitValues, id?: string): Promise<void> {
  const data = { ...values, updatedBy: admin.userId }
  const saved = await withSystem('usage', async (tx) => {
    const { id: found } = id
      ? ((await tx.usageLimit.updateManyAndReturn({ where: { id }, data, select: { id: true } }))[0] ?? {})
      : await createLimit()
    await tx.$executeRaw`SELECT pg_notify(${LIMITS_CHANNEL}, '')`
    return found

    async function createLimit() {
      if ((await tx.usageLimit.count()) >= LIMITS_MAX)
        throw new AppError('conflict', `There are ${LIMITS_MAX} limits already. Remove one first.`)
      return tx.usageLimit.create({ data: { id: newId('lim'), ...data }, select: { id: true } })
    }
  })
  if (!saved) throw notFound('This limit')
  await recordAudit({
    action: 'limit_changed',
    actorId: admin.userId,
    subject: saved,
    detail: { ...values, amount: values.amount.toString() },
  })
}

/** Removes a limit. Only for callers whose admin role was checked. */
export async function deleteLimit(admin: Caller, id: string): Promise<void> {
  const count = await withSystem('usage', async (tx) => {
    await tx.$executeRaw`SELECT pg_notify(${LIMITS_CHANNEL}, '')`
    return (await tx.usageLimit.deleteMany({ where: { id } })).count
  })
  if (count > 0) await recordAudit({ action: 'limit_removed', actorId: admin.userId, subject: id })
}
