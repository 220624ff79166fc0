import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'

/**
 * A tool whose definition a model's server refused, with the reason it gave. `toolHash` is the hash
 * of the definition; `server` is the tool server's short name.
 */
export type ToolRefusal = {
  server: string
  tool: string
  model: string
  toolHash: string
  reason: string
  seenAt: Date
}

/** The most refusals read; each is one tool of one server. */
const REFUSALS_MAX = 1_000
/**
 * How many hours a refusal counts. Then the tool is tried again, because model servers improve,
 * too.
 */
const COUNTS_HOURS = 24

/** Records that a model's server refused a tool's current definition. */
export async function noteToolRefusal({
  server,
  tool,
  model,
  toolHash,
  reason,
}: Omit<ToolRefusal, 'seenAt'>): Promise<void> {
  await runSystemStatement(
    'tool-servers',
    Prisma.sql`
      INSERT INTO tool_refusals (server, tool, model, tool_hash, reason) VALUES (${server}, ${tool}, ${model}, ${toolHash}, ${reason})
      ON CONFLICT (server, tool, model) DO UPDATE SET tool_hash = excluded.tool_hash, reason = excluded.reason, seen_at = now()`,
  )
}

/** The refusals that still count, latest first, filtered by model, by tool server, or both. */
export function listToolRefusals({ model, server }: { model?: string; server?: string }): Promise<ToolRefusal[]> {
  return runSystemStatement<ToolRefusal>(
    'tool-servers',
    Prisma.sql`
      SELECT server, tool, model, tool_hash AS "toolHash", reason, seen_at AS "seenAt" FROM tool_refusals
      WHERE seen_at > now() - make_interval(hours => ${COUNTS_HOURS}::integer)
        AND (${model ?? null}::text IS NULL OR model = ${model ?? null}) AND (${server ?? null}::text IS NULL OR server = ${server ?? null})
      ORDER BY seen_at DESC, server, tool LIMIT ${REFUSALS_MAX}::integer`,
  )
}
