import { toListOrder, toStorableFilter } from '#lib/data/runs/lists/list-order.ts'
import { RUN_TOOK, type RunFilter, toRunConditions } from '#lib/data/runs/lists/run-conditions.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import type { RunModel } from '#lib/generated/prisma/models.ts'
import { runSystemStatement, withSystem } from '#lib/platform/db/db.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

/** One run as lists show it, with its person and the number of its tool calls. */
export type RunRow = {
  id: string
  ownerId: string
  threadId: string
  name: string
  email: string
  status: RunStatus
  model: string | null
  provider: string | null
  failureClass: string | null
  errorMessage: string | null
  inputTokens: number
  outputTokens: number
  createdAt: Date
  firstDeltaAt: Date | null
  finishedAt: Date | null
  tookMs: number | null
  calls: number
}

/**
 * How many runs fit a filter and how many of them failed or were interrupted, the tokens that they
 * used, and what their requests cost in millionths of a dollar.
 */
export type RunTotals = { runs: number; failed: number; tokens: number; costMicros: bigint }

const PAGE = 50

/**
 * Lists everybody's runs, newest first unless `sort` says otherwise, 50 a page. Only for callers
 * whose admin role was checked.
 */
export async function listRuns(given: RunFilter = {}): Promise<Page<RunRow>> {
  const filter = toStorableFilter(given)
  const columns = { at: Prisma.sql`r.created_at`, id: Prisma.sql`r.id`, tookMs: RUN_TOOK }
  const order = toListOrder(filter.sort ?? 'newest', columns, filter.after)
  const rows = await runSystemStatement<RunRow>(
    'admin',
    Prisma.sql`
      SELECT r.id, r.owner_id AS "ownerId", r.thread_id AS "threadId", u.name, u.email, r.status, r.model, r.provider,
             r.failure_class AS "failureClass", r.error_message AS "errorMessage", r.input_tokens AS "inputTokens",
             r.output_tokens AS "outputTokens", r.created_at AS "createdAt", r.first_delta_at AS "firstDeltaAt",
             r.finished_at AS "finishedAt", ${RUN_TOOK} AS "tookMs", (SELECT count(*)::int FROM tool_calls WHERE run_id = r.id) AS calls
      FROM runs r JOIN users u ON u.id = r.owner_id
      WHERE ${toRunConditions(filter)} AND ${order.isNext}
      ORDER BY ${order.orderBy} LIMIT ${PAGE + 1}`,
  )
  return toPage(rows, PAGE, ({ createdAt, id, tookMs }) => order.cursorOf({ at: createdAt, id, tookMs }))
}

/** Counts all runs that fit a filter, whatever its page. Only for callers whose admin role was checked. */
export async function countRuns(filter: RunFilter): Promise<RunTotals> {
  const [row] = await runSystemStatement<Omit<RunTotals, 'costMicros'> & { costMicros: string }>(
    'admin',
    Prisma.sql`
      WITH found AS (SELECT r.id, r.status, r.input_tokens, r.output_tokens FROM runs r WHERE ${toRunConditions(toStorableFilter(filter))})
      SELECT count(*)::int AS runs, (count(*) FILTER (WHERE status IN ('failed', 'interrupted')))::int AS failed,
        coalesce(sum(input_tokens::bigint + output_tokens), 0)::float8 AS tokens,
        (SELECT coalesce(sum(m.cost_micros), 0) FROM model_requests m WHERE m.run_id IN (SELECT id FROM found))::text AS "costMicros"
      FROM found`,
  )
  return row ? { ...row, costMicros: BigInt(row.costMicros) } : { runs: 0, failed: 0, tokens: 0, costMicros: 0n }
}

/** Anybody's run with its person, or null. Only for callers whose admin role was checked. */
export function findAnyRun(id: string): Promise<(RunModel & { owner: { name: string; email: string } }) | null> {
  return withSystem('admin', (tx) =>
    tx.run.findUnique({ where: { id }, include: { owner: { select: { name: true, email: true } } } }),
  )
}
