import { Prisma } from '#lib/generated/prisma/client.ts'
import { runSystemStatement } from '#lib/platform/db/db.ts'

/** What calls and runs of the last 30 days can be filtered by. */
export type CallFacets = {
  tools: string[]
  servers: string[]
  clients: string[]
  models: string[]
  assistants: string[]
}

const FACET_MAX = 200
const KEEP_MS = 30_000
const MAX = Prisma.raw(String(FACET_MAX))

const SINCE = Prisma.sql`now() - interval '30 days'`
const FACETS = Prisma.sql`
  WITH call AS MATERIALIZED (SELECT DISTINCT server, tool FROM tool_calls WHERE started_at >= ${SINCE})
  SELECT ARRAY(SELECT DISTINCT tool FROM call ORDER BY 1 LIMIT ${MAX}) AS tools,
    ARRAY(SELECT DISTINCT server FROM call ORDER BY 1 LIMIT ${MAX}) AS servers,
    ARRAY(SELECT DISTINCT client_name FROM tool_calls WHERE via = 'mcp' AND started_at >= ${SINCE} AND client_name IS NOT NULL ORDER BY 1 LIMIT ${MAX}) AS clients,
    ARRAY(SELECT DISTINCT model FROM runs WHERE created_at >= ${SINCE} AND model IS NOT NULL ORDER BY 1 LIMIT ${MAX}) AS models,
    ARRAY(SELECT DISTINCT slug FROM assistants ORDER BY 1 LIMIT ${MAX}) AS assistants`

let kept: { at: number; facets: Promise<CallFacets> } | undefined

/**
 * The options of filters: sorted, at most 200 of each. Kept for 30 seconds, because they read many
 * rows and a page refreshes at each call. Only for callers whose admin role was checked.
 */
export function listCallFacets(): Promise<CallFacets> {
  if (kept && Date.now() - kept.at < KEEP_MS) return kept.facets
  const facets = runSystemStatement<CallFacets>('admin', FACETS).then(
    ([row]) => row ?? { tools: [], servers: [], clients: [], models: [], assistants: [] },
  )
  facets.catch(() => {
    kept = undefined
  })
  kept = { at: Date.now(), facets }
  return facets
}
