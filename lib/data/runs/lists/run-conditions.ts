import { Prisma } from '#lib/generated/prisma/client.ts'
import type { RunStatus } from '#lib/generated/prisma/enums.ts'
import { type ApprovalFilter, isAssistant, isOrNone, isPerson } from './call-conditions.ts'
import type { ListSort } from './list-order.ts'

/** A status, or `unsuccessful`: failed or interrupted. */
export type RunStatusFilter = RunStatus | 'unsuccessful'

export type RunFilter = {
  status?: RunStatusFilter
  /** Part of the person's name or address, and the id of one person. */
  person?: string
  ownerId?: string
  /** The failure class, or `interrupted` for an interrupted run without one. */
  failure?: string
  /** A model's id at its provider, or the short name of an assistant; or NOBODY. */
  model?: string
  assistant?: string
  threadId?: string
  /** What the run called. */
  server?: string
  tool?: string
  /** What was asked of its person about a call. */
  approval?: ApprovalFilter
  /** Began at or after `since`, and before `until`. */
  since?: Date
  until?: Date
  /** Took at least, and at most, so many milliseconds. */
  slowerMs?: number
  fasterMs?: number
  /** Its person waited at least so many milliseconds for the first words. */
  waitedMs?: number
  sort?: ListSort
  /** The cursor of the previous page. */
  after?: string
}

/** How long a run took, in whole milliseconds. */
export const RUN_TOOK = Prisma.sql`(extract(epoch FROM r.finished_at - r.created_at) * 1000)::int`

/** How long a run's person waited for the first words, in whole milliseconds. */
export const RUN_WAITED = Prisma.sql`(extract(epoch FROM r.first_delta_at - r.created_at) * 1000)::int`

const APPROVAL = Prisma.sql`SELECT FROM approvals a WHERE a.run_id = r.id`

/** The conditions of a filter on `runs AS r`, without its page. */
export function toRunConditions(filter: RunFilter): Prisma.Sql {
  const { status, failure, server, tool, approval, since, until, slowerMs, fasterMs, waitedMs } = filter
  const all: Prisma.Sql[] = [Prisma.sql`TRUE`]
  if (status === 'unsuccessful') all.push(Prisma.sql`r.status IN ('failed', 'interrupted')`)
  else if (status) all.push(Prisma.sql`r.status = ${status}::"RunStatus"`)
  if (filter.person) all.push(isPerson(Prisma.sql`r.owner_id`, filter.person))
  if (filter.ownerId) all.push(Prisma.sql`r.owner_id = ${filter.ownerId}`)
  if (failure)
    all.push(
      Prisma.sql`coalesce(r.failure_class, r.status::text) = ${failure} AND r.status IN ('failed', 'interrupted')`,
    )
  if (filter.model) all.push(isOrNone(Prisma.sql`r.model`, filter.model))
  if (filter.assistant) all.push(isAssistant(Prisma.sql`r.assistant_version_id`, filter.assistant))
  if (filter.threadId) all.push(Prisma.sql`r.thread_id = ${filter.threadId}`)
  if (server || tool) {
    const isServer = server ? Prisma.sql`AND c.server = ${server}` : Prisma.empty
    const isTool = tool ? Prisma.sql`AND c.tool = ${tool}` : Prisma.empty
    all.push(Prisma.sql`EXISTS (SELECT FROM tool_calls c WHERE c.run_id = r.id ${isServer} ${isTool})`)
  }
  if (approval === 'none') all.push(Prisma.sql`NOT EXISTS (${APPROVAL})`)
  else if (approval === 'asked') all.push(Prisma.sql`EXISTS (${APPROVAL})`)
  else if (approval) all.push(Prisma.sql`EXISTS (${APPROVAL} AND a.status = ${approval})`)
  if (since) all.push(Prisma.sql`r.created_at >= ${since}`)
  if (until) all.push(Prisma.sql`r.created_at < ${until}`)
  if (slowerMs !== undefined) all.push(Prisma.sql`${RUN_TOOK} >= ${slowerMs}`)
  if (fasterMs !== undefined) all.push(Prisma.sql`${RUN_TOOK} <= ${fasterMs}`)
  if (waitedMs !== undefined) all.push(Prisma.sql`${RUN_WAITED} >= ${waitedMs}`)
  return Prisma.join(all, ' AND ')
}
