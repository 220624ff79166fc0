import { z } from 'zod'
import { CommonQuery, Milliseconds, toCommonFilter, toNumber } from '#app/admin/tool-calls/tool-call-query.ts'
import { listAddress } from '#app/ui/lists/list-address.ts'
import type { RunFilter } from '#lib/data/runs/lists/run-conditions.ts'

export const RUN_STATUSES = ['queued', 'running', 'waiting', 'done', 'stopped', 'interrupted', 'failed'] as const

const Query = CommonQuery.extend({
  /** Milliseconds until the first words, at least. */
  waited: Milliseconds,
  status: z
    .enum(['unsuccessful', ...RUN_STATUSES])
    .optional()
    .catch(undefined),
})
export type RunQuery = z.infer<typeof Query>

/** Reads the filters of the list of runs from a page's search parameters. */
export function parseRunQuery(params: Record<string, unknown>): RunQuery {
  return Query.parse(params)
}

/** The address of the list with these filters. */
export function toRunsHref(query: RunQuery): string {
  return listAddress('/admin/runs', query)
}

/** The filters in the form that the list takes. */
export function toRunFilter(query: RunQuery): RunFilter {
  return { ...toCommonFilter(query), status: query.status, failure: query.failure, waitedMs: toNumber(query.waited) }
}
