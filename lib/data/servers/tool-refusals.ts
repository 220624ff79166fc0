import { Prisma } from '#lib/generated/prisma/client.ts'
import { systemStatement } from '#lib/platform/db/db.ts'

/** A tool whose definition a model's server refused, with what it said. `toolHash` is of the definition, `server` the server's short name. */
export type ToolRefusal = {
  server: string
  tool: string
  model: string
  toolHash: string
  reason: string
  seenAt: Date
}

/** More than these are not read: each is one tool of one server. */
const REFUSALS_MAX = 1_000
/** A refusal counts for so many hours: then the tool is tried again, since servers of models learn, too. */
const COUNTS_HOURS = 24

/** Notes that a model's server refused a tool as it is defined now. */
export async function noteToolRefusal({
  server,
  tool,
  model,
  toolHash,
  reason,
}: Omit<ToolRefusal, 'seenAt'>): Promise<void> {
  await systemStatement(
    'tool-servers',
    Prisma.sql`
      INSERT INTO tool_refusals (server, tool, model, tool_hash, reason) VALUES (${server}, ${tool}, ${model}, ${toolHash}, ${reason})
      ON CONFLICT (server, tool, model) DO UPDATE SET tool_hash = excluded.tool_hash, reason = excluded.reason, seen_at = now()`,
  )
}

/** The refusals that count, of one model, of one server's tools, or both; the latest first. */
export function listToolRefusals({ model, server }: { model?: string; server?: string }): Promise<ToolRefusal[]> {
  return systemStatement<ToolRefusal>(
    'tool-servers',
    Prisma.sql`
      SELECT server, tool, model, tool_hash AS "toolHash", reason, seen_at AS "seenAt" FROM tool_refusals
      WHERE seen_at > now() - make_interval(hours => ${COUNTS_HOURS}::integer)
        AND (${model ?? null}::text IS NULL OR model = ${model ?? null}) AND (${server ?? null}::text IS NULL OR server = ${server ?? null})
      ORDER BY seen_at DESC, server, tool LIMIT ${REFUSALS_MAX}::integer`,
  )
}
