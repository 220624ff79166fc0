import { Prisma } from '#lib/generated/prisma/client.ts'
import { runStatementAs, runSystemStatement } from '#lib/platform/db/db.ts'

/**
 * What requests used in all. `input` includes `cached`, `output` includes `reasoning`. `unpriced` are
 * requests of models without a price, `estimated` those whose server did not say what they used.
 */
export type UsageTotals = {
  requests: number
  estimated: number
  unpriced: number
  input: bigint
  cached: bigint
  output: bigint
  reasoning: bigint
  costMicros: bigint
}

/** The same for one day (YYYY-MM-DD, UTC), model, assistant, conversation, person, provider or purpose. */
export type UsageGroup = UsageTotals & {
  /** Null: what has no assistant, or whose conversation or person is gone. */
  key: string | null
  /** What people call it. Null if it has no name of its own. */
  name: string | null
  /** What tells it from others of the same name: a model's provider, a person's address. */
  note: string | null
}

/** How requests are grouped, for a person about their own, and for an admin about everybody's. */
export type OwnGrouping = 'day' | 'model' | 'assistant' | 'thread'
export type Grouping = 'day' | 'model' | 'assistant' | 'person' | 'provider' | 'purpose'

/** The most groups that a report shows. Days are never more. */
const GROUPS_MAX = 100

const NONE = Prisma.sql`NULL::text`
const GROUPINGS: Record<
  OwnGrouping | Grouping,
  { key: Prisma.Sql; name?: Prisma.Sql; note?: Prisma.Sql; join?: Prisma.Sql }
> = {
  day: { key: Prisma.sql`to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')` },
  model: { key: Prisma.sql`r.model`, note: Prisma.sql`r.provider` },
  assistant: { key: Prisma.sql`r.assistant` },
  provider: { key: Prisma.sql`r.provider` },
  purpose: { key: Prisma.sql`r.purpose::text` },
  thread: {
    key: Prisma.sql`r.thread_id`,
    name: Prisma.sql`t.title`,
    join: Prisma.sql`LEFT JOIN threads t ON t.id = r.thread_id AND t.owner_id = r.owner_id`,
  },
  person: {
    key: Prisma.sql`r.owner_id`,
    name: Prisma.sql`u.name`,
    note: Prisma.sql`u.email`,
    join: Prisma.sql`LEFT JOIN users u ON u.id = r.owner_id`,
  },
}

/** What the caller used since a moment, in groups, the dearest first. */
export async function readOwnUsage(caller: { userId: string }, by: OwnGrouping, since: Date): Promise<UsageGroup[]> {
  const own = Prisma.sql`r.owner_id = ${caller.userId}`
  return (await runStatementAs<Row>(caller, groupsOf(by, since, own))).map(toGroup)
}

/** What everybody used since a moment. Only for callers whose admin role was checked. */
export async function readUsage(by: Grouping, since: Date): Promise<UsageGroup[]> {
  return (await runSystemStatement<Row>('admin', groupsOf(by, since, Prisma.sql`true`))).map(toGroup)
}

/** The totals of groups. */
export function sumUsage(groups: UsageTotals[]): UsageTotals {
  const total = {
    requests: 0,
    estimated: 0,
    unpriced: 0,
    input: 0n,
    cached: 0n,
    output: 0n,
    reasoning: 0n,
    costMicros: 0n,
  }
  for (const group of groups) {
    for (const count of ['requests', 'estimated', 'unpriced'] as const) total[count] += group[count]
    for (const sum of ['input', 'cached', 'output', 'reasoning', 'costMicros'] as const) total[sum] += group[sum]
  }
  return total
}

type Sum = 'input' | 'cached' | 'output' | 'reasoning' | 'costMicros'
type Row = Omit<UsageGroup, Sum> & Record<Sum, string>

function toGroup({ input, cached, output, reasoning, costMicros, ...row }: Row): UsageGroup {
  return {
    ...row,
    input: BigInt(input),
    cached: BigInt(cached),
    output: BigInt(output),
    reasoning: BigInt(reasoning),
    costMicros: BigInt(costMicros),
  }
}

export const SUMS = Prisma.sql`
  count(*)::integer AS requests, (count(*) FILTER (WHERE r.is_estimated))::integer AS estimated,
  (count(*) FILTER (WHERE r.cost_micros IS NULL))::integer AS unpriced, sum(r.input_tokens) AS input, sum(r.cached_tokens) AS cached,
  sum(r.output_tokens) AS output, sum(r.reasoning_tokens) AS reasoning, coalesce(sum(r.cost_micros), 0) AS "costMicros"`

function groupsOf(by: OwnGrouping | Grouping, since: Date, whose: Prisma.Sql): Prisma.Sql {
  const { key, name = NONE, note = NONE, join = Prisma.empty } = GROUPINGS[by]
  return Prisma.sql`
    SELECT ${key} AS key, ${name} AS name, ${note} AS note, ${SUMS} FROM model_requests r ${join}
    WHERE ${whose} AND r.settled_at IS NOT NULL AND r.created_at >= ${since}
    GROUP BY 1, 2, 3 ORDER BY coalesce(sum(r.cost_micros), 0) DESC, sum(r.input_tokens::bigint + r.output_tokens) DESC, 1, 3
    LIMIT ${by === 'day' ? 400 : GROUPS_MAX}`
}
