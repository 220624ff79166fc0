import type { AskedModel, RequestAbout } from '#lib/data/usage/model-requests.ts'
import { type LimitStanding, selectStandings, toStanding } from '#lib/data/usage/usage-limits.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'
import { retryIdempotent } from '#lib/platform/db/retry.ts'
import { toStorableText } from '#lib/platform/json/to-storable.ts'

/**
 * How long (ms) a reservation counts without being renewed. If its process dies, what it reserved is
 * free again after that.
 */
export const RESERVED_MS = 60_000

/** How long (days) it is known that a person was warned: longer than any period. */
const WARNED_DAYS = 62

/** What a request will probably use. */
export type Estimate = { input: number; output: number; inputCostMicros: bigint | null; costMicros: bigint | null }

/**
 * `free`: no limit concerns this person. `reserved`: the estimate is set aside; `warn` are the
 * limits that are mostly used, each told once in its period. `busy`: there is room, but other
 * requests have reserved it. `used_up`: of the limits that are used up, the one that ends last.
 */
export type Reservation =
  | { outcome: 'free' }
  | { outcome: 'reserved'; warn: LimitStanding[] }
  | { outcome: 'busy'; limit: LimitStanding }
  | { outcome: 'used_up'; limit: LimitStanding }

type Row = Parameters<typeof toStanding>[0] & { isReserved: boolean; isNews: boolean }

/**
 * Sets an estimate aside under every limit that concerns the person, or under none. Reservations of
 * one person, or of people who share a limit, are made one after the other over all replicas, so
 * that no two of them take the same rest. A limit that is not used up admits a request alone,
 * whatever its estimate: else nobody could use its last part. Safe to repeat with the same id.
 * `warns`: this request can show a warning.
 */
export async function reserveRequest(
  id: string,
  about: RequestAbout,
  asked: AskedModel,
  estimate: Estimate,
  { warns }: { warns: boolean },
): Promise<Reservation> {
  const { ownerId, threadId = null, runId = null, purpose } = about
  const [provider, model, assistant] = [asked.provider, asked.model, about.assistant ?? null].map(
    (name) => name && toStorableText(name),
  )
  const { input, output, inputCostMicros, costMicros } = estimate
  const need = Prisma.sql`CASE unit WHEN 'tokens' THEN ${input + output}::bigint ELSE ${costMicros ?? 0n}::bigint END`
  const standings = selectStandings(ownerId)
  const reserved = Prisma.sql`EXISTS (SELECT FROM model_requests WHERE id = ${id})`
  const rows = await retryIdempotent(() =>
    runSystemStatement<Row>(
      'usage',
      Prisma.sql`SELECT pg_advisory_xact_lock(hashtextextended('usage', 1)) WHERE EXISTS (SELECT FROM usage_limits WHERE is_shared)`,
      Prisma.sql`SELECT pg_advisory_xact_lock(hashtextextended(${ownerId}, 1))`,
      Prisma.sql`
        WITH standing AS (${standings})
        INSERT INTO model_requests (id, owner_id, thread_id, run_id, purpose, provider, model, assistant, input_tokens, output_tokens,
          cost_micros, input_cost_micros, is_estimated, expires_at)
        SELECT ${id}, ${ownerId}, (SELECT id FROM threads WHERE id = ${threadId}), (SELECT id FROM runs WHERE id = ${runId}),
          ${purpose}::"RequestPurpose", ${provider}, ${model}, ${assistant}, ${input}::integer, ${output}::integer,
          ${costMicros}::bigint, ${inputCostMicros}::bigint, true, now() + ${RESERVED_MS}::integer * interval '1 millisecond'
        WHERE EXISTS (SELECT FROM standing)
          AND NOT EXISTS (SELECT FROM standing WHERE used >= amount OR (reserved > 0 AND used + reserved + ${need} > amount))
        ON CONFLICT (id) DO NOTHING`,
      Prisma.sql`
        WITH standing AS (${standings}), news AS (
          INSERT INTO usage_warnings (limit_id, owner_id, starts_on)
          SELECT id, ${ownerId}, "startsOn" FROM standing
          WHERE ${warns}::boolean AND used < amount AND used * 100 >= amount * "warnPercent" AND ${reserved}
          ON CONFLICT DO NOTHING RETURNING limit_id)
        SELECT standing.*, ${reserved} AS "isReserved", EXISTS (SELECT FROM news WHERE limit_id = standing.id) AS "isNews"
        FROM standing`,
    ),
  )
  if (rows.length === 0) return { outcome: 'free' }
  const limits = rows.map(toStanding)
  if (rows.some(({ isReserved }) => isReserved))
    return { outcome: 'reserved', warn: limits.filter(({ isNews }) => isNews) }
  const usedUp = findLast(limits.filter(({ used, amount }) => used >= amount))
  if (usedUp) return { outcome: 'used_up', limit: usedUp }
  return { outcome: 'busy', limit: findLast(limits) as LimitStanding }
}

/** The limit whose period ends last: until then the person has to wait. */
function findLast(limits: LimitStanding[]): LimitStanding | undefined {
  return limits.toSorted((one, other) => other.endsAt.getTime() - one.endsAt.getTime())[0]
}

/** The limit that is used up and ends last; undefined if the person may go on. */
export async function findUsedUpLimit(ownerId: string): Promise<LimitStanding | undefined> {
  const rows = await runSystemStatement<Row>('usage', selectStandings(ownerId))
  return findLast(rows.map(toStanding).filter(({ used, amount }) => used >= amount))
}

/** Deletes the notes of warnings in periods that ended long ago. Resolves to their number. */
export async function deleteOldWarnings(): Promise<number> {
  const [found] = await runSystemStatement<{ count: number }>(
    'usage',
    Prisma.sql`
      WITH old AS (
        DELETE FROM usage_warnings WHERE starts_on < (now() AT TIME ZONE 'UTC')::date - ${WARNED_DAYS}::integer RETURNING 1)
      SELECT count(*)::integer AS count FROM old`,
  )
  return found?.count ?? 0
}

/** Keeps the reservation of a request that is still under way. */
export async function renewReservation(id: string): Promise<void> {
  await runSystemStatement(
    'usage',
    Prisma.sql`
      UPDATE model_requests SET expires_at = now() + ${RESERVED_MS}::integer * interval '1 millisecond'
      WHERE id = ${id} AND settled_at IS NULL`,
  )
}

/**
 * Sets more aside for a request whose answer is longer than its estimate. Resolves to the limit that
 * it passes with that, of several the one that ends last; undefined if it may go on.
 */
export async function growReservation(
  id: string,
  ownerId: string,
  { output, costMicros }: Pick<Estimate, 'output' | 'costMicros'>,
): Promise<LimitStanding | undefined> {
  const rows = await runSystemStatement<Row>(
    'usage',
    Prisma.sql`
      UPDATE model_requests SET output_tokens = ${output}::integer, cost_micros = ${costMicros}::bigint
      WHERE id = ${id} AND settled_at IS NULL`,
    selectStandings(ownerId),
  )
  return findLast(rows.map(toStanding).filter(({ used, reserved, amount }) => used + reserved > amount))
}

/** Gives back the reservation of a request that was never sent. */
export async function withdrawReservation(id: string): Promise<void> {
  await runSystemStatement('usage', Prisma.sql`DELETE FROM model_requests WHERE id = ${id} AND settled_at IS NULL`)
}
