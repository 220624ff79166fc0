import { NOBODY } from '#lib/data/runs/lists/call-conditions.ts'
import { RUN_TOOK, RUN_WAITED } from '#lib/data/runs/lists/run-conditions.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'
import { activePeople, type Span } from './span.ts'

// Each number is that of a list with filters (lib/data/runs/lists): calls are those that were not
// declined, failed ones failed or have an unknown outcome, failed runs also were interrupted.

/** A duration (ms) that so many took at least. Null and 0 if nothing has a duration. */
export type Percentile = { ms: number | null; count: number }
type Percentiles = { p50: Percentile; p95: Percentile; p99: Percentile }

export type CallFigures = Percentiles & { calls: number; failed: number }
/** The percentiles are those of the time until the first words. */
export type RunFigures = Percentiles & { runs: number; failed: number; tokens: number; costMicros: bigint }
export type FailureCount = { failureClass: string; count: number; lastAt: Date }
/** One part of the chart, from the oldest. */
export type Bucket = Span & { calls: number; failed: number }
/** Calls of a tool, server or client, or runs of a model or assistant. `name` is NOBODY for none. */
export type Group = { name: string; count: number; failed: number; p50: number | null; p95: number | null }
export type CallGrouping = 'tool' | 'server' | 'client'
export type RunGrouping = 'model' | 'assistant'

const FAILURE_ROWS = 8
const GROUP_ROWS = 20

const PERCENTILES = (took: Prisma.Sql) =>
  Prisma.sql`percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ${took}) AS p`
const COUNTS = Prisma.sql`p[1] AS ms50, (count(*) FILTER (WHERE took >= p[1]))::int AS count50, p[2] AS ms95,
  (count(*) FILTER (WHERE took >= p[2]))::int AS count95, p[3] AS ms99, (count(*) FILTER (WHERE took >= p[3]))::int AS count99`
type PercentileRow = Record<'ms50' | 'ms95' | 'ms99', number | null> & Record<'count50' | 'count95' | 'count99', number>

const toPercentiles = (row: PercentileRow): Percentiles => ({
  p50: { ms: row.ms50, count: row.count50 },
  p95: { ms: row.ms95, count: row.count95 },
  p99: { ms: row.ms99, count: row.count99 },
})

const callsIn = ({ since, until }: Span) =>
  Prisma.sql`started_at >= ${since} AND started_at < ${until} AND status <> 'declined'`
const runsIn = ({ since, until }: Span) => Prisma.sql`r.created_at >= ${since} AND r.created_at < ${until}`
const CALL_FAILED = Prisma.sql`status IN ('failed', 'unknown')`
const RUN_FAILED = Prisma.sql`status IN ('failed', 'interrupted')`

/** The calls of a span in numbers. Only for callers whose admin role was checked, as all below. */
export async function readCallFigures(span: Span): Promise<CallFigures> {
  const [row] = await runSystemStatement<PercentileRow & { calls: number; failed: number }>(
    'admin',
    Prisma.sql`
      WITH call AS MATERIALIZED (SELECT status, duration_ms AS took FROM tool_calls WHERE ${callsIn(span)}),
        part AS (SELECT ${PERCENTILES(Prisma.sql`took`)} FROM call)
      SELECT count(call.status)::int AS calls, (count(*) FILTER (WHERE ${CALL_FAILED}))::int AS failed, ${COUNTS}
      FROM part LEFT JOIN call ON true GROUP BY p`,
  )
  const { calls, failed } = row as { calls: number; failed: number }
  return { calls, failed, ...toPercentiles(row as PercentileRow) }
}

/** The runs of a span in numbers. */
export async function readRunFigures(span: Span): Promise<RunFigures> {
  type Row = PercentileRow & { runs: number; failed: number; tokens: number; cost: string }
  const [row] = await runSystemStatement<Row>(
    'admin',
    Prisma.sql`
      WITH run AS MATERIALIZED (
        SELECT r.id, r.status, r.input_tokens::bigint + r.output_tokens AS tokens, ${RUN_WAITED} AS took FROM runs r WHERE ${runsIn(span)}
      ), part AS (SELECT ${PERCENTILES(Prisma.sql`took`)} FROM run)
      SELECT count(run.id)::int AS runs, (count(*) FILTER (WHERE ${RUN_FAILED}))::int AS failed, coalesce(sum(tokens), 0)::float8 AS tokens,
        (SELECT coalesce(sum(m.cost_micros), 0) FROM model_requests m WHERE m.run_id IN (SELECT id FROM run))::text AS cost, ${COUNTS}
      FROM part LEFT JOIN run ON true GROUP BY p`,
  )
  const { runs, failed, tokens, cost } = row as Row
  return { runs, failed, tokens, costMicros: BigInt(cost), ...toPercentiles(row as Row) }
}

/** How many people were active in a span. */
export async function countActivePeople(span: Span): Promise<number> {
  const [row] = await runSystemStatement<{ count: number }>(
    'admin',
    Prisma.sql`SELECT count(*)::int AS count FROM users WHERE id IN ${activePeople(span)}`,
  )
  return row?.count ?? 0
}

/** The most frequent failure classes of a span's calls, eight at most. */
export function listCallFailures(span: Span): Promise<FailureCount[]> {
  return runSystemStatement<FailureCount>(
    'admin',
    Prisma.sql`
      SELECT failure_class AS "failureClass", count(*)::int AS count, max(started_at) AS "lastAt" FROM tool_calls
      WHERE ${callsIn(span)} AND failure_class IS NOT NULL AND ${CALL_FAILED}
      GROUP BY 1 ORDER BY count DESC, 1 LIMIT ${FAILURE_ROWS}`,
  )
}

/** The same of its runs. A run without a class counts under its status. */
export function listRunFailures(span: Span): Promise<FailureCount[]> {
  return runSystemStatement<FailureCount>(
    'admin',
    Prisma.sql`
      SELECT coalesce(r.failure_class, r.status::text) AS "failureClass", count(*)::int AS count, max(r.created_at) AS "lastAt" FROM runs r
      WHERE ${runsIn(span)} AND r.${RUN_FAILED} GROUP BY 1 ORDER BY count DESC, 1 LIMIT ${FAILURE_ROWS}`,
  )
}

/** The calls of a span in parts of `seconds` each, without gaps. The last part may be shorter. */
export async function readBuckets(span: Span, seconds: number): Promise<Bucket[]> {
  const rows = await runSystemStatement<{ at: number; calls: number; failed: number }>(
    'admin',
    Prisma.sql`
      SELECT floor(extract(epoch FROM started_at - ${span.since}::timestamptz) / ${seconds}::int)::int AS at, count(*)::int AS calls,
        (count(*) FILTER (WHERE ${CALL_FAILED}))::int AS failed
      FROM tool_calls WHERE ${callsIn(span)} GROUP BY 1`,
  )
  const [start, end] = [span.since.getTime(), span.until.getTime()]
  return Array.from({ length: Math.ceil((end - start) / (seconds * 1000)) }, (_, at) => {
    const { calls = 0, failed = 0 } = rows.find((row) => row.at === at) ?? {}
    const since = new Date(start + at * seconds * 1000)
    return { since, until: new Date(Math.min(end, since.getTime() + seconds * 1000)), calls, failed }
  })
}

const CALL_NAMES: Record<CallGrouping, Prisma.Sql> = {
  tool: Prisma.sql`tool`,
  server: Prisma.sql`server`,
  client: Prisma.sql`client_name`,
}
const RUN_NAMES: Record<RunGrouping, Prisma.Sql> = {
  model: Prisma.sql`r.model`,
  assistant: Prisma.sql`(SELECT a.slug FROM assistant_versions v JOIN assistants a ON a.id = v.assistant_id WHERE v.id = r.assistant_version_id)`,
}

/** The calls of a span by tool, server or client: the 20 with the most calls. */
export function groupCalls(span: Span, by: CallGrouping): Promise<Group[]> {
  return runSystemStatement<Group>(
    'admin',
    makeGroups(
      Prisma.sql`SELECT ${CALL_NAMES[by]} AS name, ${CALL_FAILED} AS bad, duration_ms AS took FROM tool_calls WHERE ${callsIn(span)}`,
    ),
  )
}

/** The runs of a span by model or assistant, with how long they took: the 20 with the most runs. */
export function groupRuns(span: Span, by: RunGrouping): Promise<Group[]> {
  return runSystemStatement<Group>(
    'admin',
    makeGroups(
      Prisma.sql`SELECT ${RUN_NAMES[by]} AS name, r.${RUN_FAILED} AS bad, ${RUN_TOOK} AS took FROM runs r WHERE ${runsIn(span)}`,
    ),
  )
}

const makeGroups = (rows: Prisma.Sql) => Prisma.sql`
  SELECT coalesce(name, ${NOBODY}) AS name, count(*)::int AS count, (count(*) FILTER (WHERE bad))::int AS failed,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY took) AS p50, percentile_disc(0.95) WITHIN GROUP (ORDER BY took) AS p95
  FROM (${rows}) AS entry GROUP BY 1 ORDER BY count DESC, 1 LIMIT ${GROUP_ROWS}`
