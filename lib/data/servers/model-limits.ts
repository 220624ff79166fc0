import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'

/** What a model's server takes of tools, as its refusals taught us. */
export type ModelLimits = {
  /** The most tools at once; null if no limit is known. */
  maxTools: number | null
  /** True if it takes only schemas without patterns, formats, bounds and the like. */
  plainSchemas: boolean
}

/** A finding about one model, with what its server said. */
export type ModelFinding = ModelLimits & { model: string; reason: string; seenAt: Date }

/** How many hours a finding counts. Then it is tried again, because model servers improve, too. */
const COUNTS_HOURS = 24
const FINDINGS_MAX = 100

/** Records what a model's server takes; null and false leave what was known before. */
export async function noteModelLimits(model: string, limits: ModelLimits, reason: string): Promise<void> {
  const { maxTools, plainSchemas } = limits
  await runSystemStatement(
    'tool-servers',
    Prisma.sql`
      INSERT INTO model_limits AS known (model, max_tools, plain_schemas, reason)
      VALUES (${model}, ${maxTools}::integer, ${plainSchemas}, ${reason})
      ON CONFLICT (model) DO UPDATE SET reason = excluded.reason, seen_at = now(),
        max_tools = CASE WHEN known.seen_at > now() - make_interval(hours => ${COUNTS_HOURS}::integer)
          THEN coalesce(excluded.max_tools, known.max_tools) ELSE excluded.max_tools END,
        plain_schemas = excluded.plain_schemas
          OR (known.plain_schemas AND known.seen_at > now() - make_interval(hours => ${COUNTS_HOURS}::integer))`,
  )
}

/** The findings that still count, latest first: of one model, or of all. */
export function listModelLimits(model?: string): Promise<ModelFinding[]> {
  return runSystemStatement<ModelFinding>(
    'tool-servers',
    Prisma.sql`
      SELECT model, max_tools AS "maxTools", plain_schemas AS "plainSchemas", reason, seen_at AS "seenAt" FROM model_limits
      WHERE seen_at > now() - make_interval(hours => ${COUNTS_HOURS}::integer)
        AND (${model ?? null}::text IS NULL OR model = ${model ?? null})
      ORDER BY seen_at DESC, model LIMIT ${FINDINGS_MAX}::integer`,
  )
}
