import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'
import type { Span } from './span.ts'

/** Something that is broken now. `count` is the number of calls or runs behind it, `span` when they were. */
export type Problem = {
  /**
   * server_down: the newest three calls could not reach it. model_failing: the newest three runs
   * failed. error_rate: over 5 % and twice that of the same hour of the last 7 days. server_slow: its
   * p95 is over a second and twice as long as then. queue: runs wait to be started.
   */
  kind: 'server_down' | 'model_failing' | 'error_rate' | 'server_slow' | 'queue'
  of: 'server' | 'model' | 'runs'
  /** The server or the model. Empty for the queue. */
  name: string
  count: number
  /** How many there were in all. */
  total: number
  /** The most frequent failure class. */
  failureClass: string | null
  /** For server_slow: `count` calls took at least so many milliseconds. */
  slowerMs: number | null
  span: Span
}

const HOUR_MS = 3_600_000
/** Fewer events say nothing about a rate. */
const EVENTS_MIN = 20
const RATE_MIN = 0.05
const LATEST = 3
const SLOW_MS = 1_000
/** A run that waits longer (ms) to be started stands in a queue. */
const QUEUED_MS = 30_000
/** Failures in which a server was not reached, or said nothing. */
const UNREACHED = new Set(['refused', 'dns', 'tls', 'connect_timeout', 'idle_timeout', 'transport_lost', 'overloaded'])

type Row = {
  name: string
  total: number
  failed: number
  usual_total: number
  usual_failed: number
  p95: number | null
  usual_p95: number | null
  slow: number
  latest: (string | null)[]
  most: string | null
}

// The hour that ends now, and the same one of the last seven days, each read by the index of its times.
const inHours = (until: Date, at: Prisma.Sql, rows: Prisma.Sql) => Prisma.sql`
  SELECT ago, entry.* FROM generate_series(0, 7) AS ago CROSS JOIN LATERAL (
    ${rows} AND ${at} >= ${until}::timestamptz - ago * interval '24 hours' - interval '1 hour'
      AND ${at} < ${until}::timestamptz - ago * interval '24 hours' OFFSET 0
  ) AS entry`

const compare = (events: Prisma.Sql) => Prisma.sql`
  WITH event AS MATERIALIZED (${events}), usual AS (
    SELECT name, percentile_disc(0.95) WITHIN GROUP (ORDER BY took) AS p95 FROM event WHERE ago > 0 GROUP BY 1
  )
  SELECT event.name, (count(*) FILTER (WHERE ago = 0))::int AS total, (count(*) FILTER (WHERE ago = 0 AND failed))::int AS failed,
    (count(*) FILTER (WHERE ago > 0))::int AS usual_total, (count(*) FILTER (WHERE ago > 0 AND failed))::int AS usual_failed,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY took) FILTER (WHERE ago = 0) AS p95, min(usual.p95) AS usual_p95,
    (count(*) FILTER (WHERE ago = 0 AND took >= usual.p95 * 2))::int AS slow,
    (array_agg(CASE WHEN failed THEN failure END ORDER BY at DESC) FILTER (WHERE ago = 0))[1:${Prisma.raw(String(LATEST))}] AS latest,
    mode() WITHIN GROUP (ORDER BY failure) FILTER (WHERE ago = 0 AND failed) AS most
  FROM event LEFT JOIN usual ON usual.name = event.name GROUP BY event.name HAVING count(*) FILTER (WHERE ago = 0) > 0 ORDER BY 1`

/**
 * What is broken now, the worst first: judged by the hour that ends at `until`. Calls and runs that a
 * person declined or stopped are no failures and do not count. Only for callers whose admin role was
 * checked.
 */
export async function readProblems(until: Date): Promise<Problem[]> {
  const span = { since: new Date(until.getTime() - HOUR_MS), until }
  const [servers, models, queue] = await Promise.all([
    runSystemStatement<Row>(
      'admin',
      compare(
        inHours(
          until,
          Prisma.sql`c.started_at`,
          Prisma.sql`
        SELECT c.server AS name, c.started_at AS at, c.duration_ms AS took, c.status IN ('failed', 'unknown') AS failed,
          coalesce(c.failure_class, c.status::text) AS failure
        FROM tool_calls c WHERE c.status IN ('succeeded', 'failed', 'unknown')`,
        ),
      ),
    ),
    runSystemStatement<Row>(
      'admin',
      compare(
        inHours(
          until,
          Prisma.sql`r.created_at`,
          Prisma.sql`
        SELECT r.model AS name, r.created_at AS at, NULL::int AS took, r.status IN ('failed', 'interrupted') AS failed,
          coalesce(r.failure_class, r.status::text) AS failure
        FROM runs r WHERE r.status IN ('done', 'failed', 'interrupted') AND r.model IS NOT NULL`,
        ),
      ),
    ),
    readQueue(until),
  ])
  const found = [
    ...servers.flatMap((row) => judge('server', row, span) ?? []),
    ...models.flatMap((row) => judge('model', row, span) ?? []),
    ...queue,
  ]
  const order = ['server_down', 'model_failing', 'queue', 'error_rate', 'server_slow']
  return found.sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind) || other.count - one.count)
}

function judge(of: 'server' | 'model', row: Row, span: Span): Problem | undefined {
  const { name, total, failed, most, latest } = row
  const problem = { of, name, count: failed, total, failureClass: most, slowerMs: null, span }
  const allFailed = latest.length === LATEST && latest.every((failure) => failure !== null)
  if (of === 'model' && allFailed) return { ...problem, kind: 'model_failing' }
  if (of === 'server' && allFailed && latest.every((failure) => UNREACHED.has(failure ?? '')))
    return { ...problem, kind: 'server_down' }
  if (total < EVENTS_MIN) return
  const usualRate = row.usual_total > 0 ? row.usual_failed / row.usual_total : 0
  if (failed / total > RATE_MIN && failed / total > 2 * usualRate) return { ...problem, kind: 'error_rate' }
  const { p95, usual_p95: usualP95, slow } = row
  if (p95 !== null && usualP95 !== null && p95 >= SLOW_MS && p95 >= 2 * usualP95)
    return { ...problem, kind: 'server_slow', count: slow, failureClass: null, slowerMs: usualP95 * 2 }
  return
}

async function readQueue(until: Date): Promise<Problem[]> {
  const span = { since: new Date(until.getTime() - 24 * HOUR_MS), until: new Date(until.getTime() - QUEUED_MS) }
  const [row] = await runSystemStatement<{ count: number }>(
    'admin',
    Prisma.sql`SELECT count(*)::int AS count FROM runs WHERE status = 'queued' AND created_at >= ${span.since} AND created_at < ${span.until}`,
  )
  const count = row?.count ?? 0
  return count > 0
    ? [{ kind: 'queue', of: 'runs', name: '', count, total: count, failureClass: null, slowerMs: null, span }]
    : []
}
