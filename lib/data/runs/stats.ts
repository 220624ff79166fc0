import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement, type Tx, withSystem } from '#lib/platform/db/db.ts'

/** How many days the tables and percentiles of the overview cover. */
export const PERIOD_DAYS = 7
/** How many days the chart shows, including today. */
export const CHART_DAYS = 14
const TABLE_ROWS = 50
const FAILURE_ROWS = 5

/**
 * Calls of one tool or server in the last `PERIOD_DAYS` days. Calls that a person declined were not
 * made and are not counted. `failed` counts calls that failed or whose outcome is unknown. `p50`
 * and `p95` are in milliseconds, over the calls that have a duration.
 */
export type CallStats = {
  name: string
  calls: number
  failed: number
  p50: number | null
  p95: number | null
  lastAt: Date
}

/** One day of the chart. `day` is YYYY-MM-DD in the reader's time zone. */
export type DayOfCalls = { day: string; calls: number; failed: number }

export type Overview = {
  people: { total: number; activeInPeriod: number }
  threads: { total: number; newToday: number }
  runs: { today: number; failedToday: number; active: number; inPeriod: number; failedInPeriod: number }
  calls: {
    today: number
    failedToday: number
    inPeriod: number
    failedInPeriod: number
    p50: number | null
    p95: number | null
  }
  days: DayOfCalls[]
  tools: CallStats[]
  servers: CallStats[]
  /**
   * The most frequent failure classes of the period. A run without a class counts under its status,
   * for example `interrupted`.
   */
  callFailures: FailureCount[]
  runFailures: FailureCount[]
}

export type FailureCount = { failureClass: string; count: number; lastAt: Date }

/**
 * Reads all numbers of the admin start page, across all people. "Today" begins at midnight in
 * `timeZone` (an IANA name). Only for callers whose admin role was checked.
 */
export function readOverview(timeZone: string): Promise<Overview> {
  return withSystem('admin', async (tx) => ({
    ...(await readTotals(tx, timeZone)),
    days: await readDays(tx, timeZone),
    tools: await readCallStats(tx, 'tool'),
    servers: await readCallStats(tx, 'server'),
    callFailures: await readCallFailures(tx),
    runFailures: await readRunFailures(tx),
  }))
}

type Totals = Record<
  | 'people'
  | 'active_people'
  | 'threads'
  | 'new_threads'
  | 'runs'
  | 'runs_failed_in_period'
  | 'runs_today'
  | 'runs_failed'
  | 'runs_active'
  | 'calls_today'
  | 'calls_today_failed'
  | 'calls'
  | 'calls_failed',
  number
> &
  Record<'p50' | 'p95', number | null>

async function readTotals(tx: Tx, timeZone: string): Promise<Pick<Overview, 'people' | 'threads' | 'runs' | 'calls'>> {
  const [row] = await tx.$queryRaw<[Totals]>`
    WITH edge AS (
      SELECT date_trunc('day', now(), ${timeZone}) AS today, now() - make_interval(days => ${PERIOD_DAYS}) AS period
    ), call AS (
      SELECT count(*) AS calls,
             count(*) FILTER (WHERE status IN ('failed', 'unknown')) AS calls_failed,
             count(*) FILTER (WHERE started_at >= edge.today) AS calls_today,
             count(*) FILTER (WHERE started_at >= edge.today AND status IN ('failed', 'unknown')) AS calls_today_failed,
             percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50,
             percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95
      FROM tool_calls, edge WHERE started_at >= edge.period AND status <> 'declined'
    ), run AS (
      SELECT count(*) AS runs, count(*) FILTER (WHERE status IN ('failed', 'interrupted')) AS runs_failed_in_period,
             count(*) FILTER (WHERE created_at >= edge.today) AS runs_today,
             count(*) FILTER (WHERE created_at >= edge.today AND status IN ('failed', 'interrupted')) AS runs_failed,
             array_agg(DISTINCT owner_id) AS owners
      FROM runs, edge WHERE created_at >= edge.period
    )
    SELECT (SELECT count(*) FROM users)::int AS people, 
           (SELECT count(*) FROM users, edge WHERE last_active_at >= edge.period OR id = ANY(run.owners))::int AS active_people,
           (SELECT count(*) FROM threads)::int AS threads,
           (SELECT count(*) FROM threads, edge WHERE created_at >= edge.today)::int AS new_threads,
           run.runs::int, run.runs_failed_in_period::int, run.runs_today::int, run.runs_failed::int,
           (SELECT count(*) FROM runs WHERE status IN ('queued', 'running'))::int AS runs_active,
           call.calls::int, call.calls_failed::int, call.calls_today::int, call.calls_today_failed::int, call.p50, call.p95
    FROM call, run`
  return {
    people: { total: row.people, activeInPeriod: row.active_people },
    threads: { total: row.threads, newToday: row.new_threads },
    runs: {
      today: row.runs_today,
      failedToday: row.runs_failed,
      active: row.runs_active,
      inPeriod: row.runs,
      failedInPeriod: row.runs_failed_in_period,
    },
    calls: {
      today: row.calls_today,
      failedToday: row.calls_today_failed,
      inPeriod: row.calls,
      failedInPeriod: row.calls_failed,
      p50: row.p50,
      p95: row.p95,
    },
  }
}

function readDays(tx: Tx, timeZone: string): Promise<DayOfCalls[]> {
  // Days follow the local clock of the zone, so that a day with 23 or 25 hours is still one day.
  return tx.$queryRaw<DayOfCalls[]>`
    WITH day AS (
      SELECT generate_series(d - make_interval(days => ${CHART_DAYS - 1}), d, '1 day') AS start
      FROM (SELECT date_trunc('day', now() AT TIME ZONE ${timeZone}) AS d)
    )
    SELECT to_char(day.start, 'YYYY-MM-DD') AS day, count(c.id)::int AS calls,
           count(c.id) FILTER (WHERE c.status IN ('failed', 'unknown'))::int AS failed
    FROM day LEFT JOIN tool_calls c
      ON c.started_at >= day.start AT TIME ZONE ${timeZone} AND c.started_at < (day.start + interval '1 day') AT TIME ZONE ${timeZone}
      AND c.status <> 'declined'
    GROUP BY day.start ORDER BY day.start`
}

function readCallStats(tx: Tx, by: 'tool' | 'server'): Promise<CallStats[]> {
  return tx.$queryRaw<CallStats[]>`
    SELECT name, count(*)::int AS calls, count(*) FILTER (WHERE status IN ('failed', 'unknown'))::int AS failed,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95, max(started_at) AS "lastAt"
    FROM (SELECT CASE WHEN ${by} = 'tool' THEN tool ELSE server END AS name, status, duration_ms, started_at
          FROM tool_calls WHERE started_at >= now() - make_interval(days => ${PERIOD_DAYS}) AND status <> 'declined') AS c
    GROUP BY name ORDER BY calls DESC, name LIMIT ${TABLE_ROWS}`
}

function readCallFailures(tx: Tx): Promise<FailureCount[]> {
  return tx.$queryRaw<FailureCount[]>`
    SELECT failure_class AS "failureClass", count(*)::int AS count, max(started_at) AS "lastAt"
    FROM tool_calls
    WHERE started_at >= now() - make_interval(days => ${PERIOD_DAYS}) AND failure_class IS NOT NULL AND status IN ('failed', 'unknown')
    GROUP BY failure_class ORDER BY count DESC, failure_class LIMIT ${FAILURE_ROWS}`
}

function readRunFailures(tx: Tx): Promise<FailureCount[]> {
  return tx.$queryRaw<FailureCount[]>`
    SELECT coalesce(failure_class, status::text) AS "failureClass", count(*)::int AS count, max(created_at) AS "lastAt"
    FROM runs
    WHERE created_at >= now() - make_interval(days => ${PERIOD_DAYS}) AND status IN ('failed', 'interrupted')
    GROUP BY 1 ORDER BY count DESC, 1 LIMIT ${FAILURE_ROWS}`
}

/**
 * The p50 and p95 (ms) of a tool's successful calls in the last `PERIOD_DAYS` days, and their
 * number. Only for callers whose admin role was checked.
 */
export async function readUsual(
  server: string,
  tool: string,
): Promise<{ calls: number; p50: number | null; p95: number | null }> {
  const [row] = await runSystemStatement<{ calls: number; p50: number | null; p95: number | null }>(
    'admin',
    Prisma.sql`
      SELECT count(*)::int AS calls, percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50,
             percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95
      FROM tool_calls
      WHERE server = ${server} AND tool = ${tool} AND status = 'succeeded'
        AND started_at >= now() - make_interval(days => ${PERIOD_DAYS})`,
  )
  return row ?? { calls: 0, p50: null, p95: null }
}
