import { isAfter, toTimeCursor } from '#lib/data/keyset.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import type { RunModel } from '#lib/generated/prisma/models.ts'
import { runSystemStatement, withSystem } from '#lib/platform/db/db.ts'
import { escapeLike } from '#lib/platform/db/escape-like.ts'
import { type Page, toPage } from '#lib/platform/page.ts'

/** One run as lists show it, with its person and the number of its tool calls. */
export type RunRow = {
  id: string
  ownerId: string
  name: string
  email: string
  status: RunStatus
  model: string | null
  provider: string | null
  failureClass: string | null
  createdAt: Date
  firstDeltaAt: Date | null
  finishedAt: Date | null
  calls: number
}

export type RunFilter = {
  status?: RunStatus
  /** Part of the person's name or address. */
  person?: string
  /** The failure class, or `interrupted` for an interrupted run without one. */
  failure?: string
  since?: Date
  /** The cursor of the previous page. */
  after?: string
}

const PAGE = 50

/**
 * Lists everybody's runs, newest first, 50 a page. Only for callers whose admin role was checked.
 */
export async function listRuns({ status, person, failure, since, after }: RunFilter = {}): Promise<Page<RunRow>> {
  const like = person ? `%${escapeLike(person)}%` : null
  const rows = await runSystemStatement<RunRow>(
    'admin',
    Prisma.sql`
      SELECT r.id, r.owner_id AS "ownerId", u.name, u.email, r.status, r.model, r.provider, r.failure_class AS "failureClass",
             r.created_at AS "createdAt", r.first_delta_at AS "firstDeltaAt", r.finished_at AS "finishedAt",
             (SELECT count(*)::int FROM tool_calls WHERE run_id = r.id) AS calls
      FROM runs r JOIN users u ON u.id = r.owner_id
      WHERE (${status ?? null}::text IS NULL OR r.status::text = ${status ?? null})
        AND (${failure ?? null}::text IS NULL
          OR (coalesce(r.failure_class, r.status::text) = ${failure ?? null} AND r.status IN ('failed', 'interrupted')))
        AND (${since ?? null}::timestamptz IS NULL OR r.created_at >= ${since ?? null})
        AND (${like}::text IS NULL OR u.name ILIKE ${like} OR u.email ILIKE ${like})
        AND ${isAfter(Prisma.sql`r.created_at`, Prisma.sql`r.id`, after)}
      ORDER BY r.created_at DESC, r.id DESC LIMIT ${PAGE + 1}`,
  )
  return toPage(rows, PAGE, ({ createdAt, id }) => toTimeCursor(createdAt, id))
}

/** Anybody's run with its person, or null. Only for callers whose admin role was checked. */
export function findAnyRun(id: string): Promise<(RunModel & { owner: { name: string; email: string } }) | null> {
  return withSystem('admin', (tx) =>
    tx.run.findUnique({ where: { id }, include: { owner: { select: { name: true, email: true } } } }),
  )
}
