import { type SpanQuery, toSpanFilter } from '#app/admin/periods.ts'
import { type RunQuery, toRunsHref } from '#app/admin/runs/run-query.ts'
import { type ToolCallQuery, toToolCallsHref } from '#app/admin/tool-calls/tool-call-query.ts'
import { listAddress } from '#app/ui/lists/list-address.ts'
import type { Problem } from '#lib/data/runs/overview/read-problems.ts'
import type { Span } from '#lib/data/runs/overview/span.ts'

/** How the overview groups calls and runs. */
export const GROUPINGS = ['tool', 'server', 'client', 'model', 'assistant'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** The lists behind the overview's numbers. */
export const toCalls = (span: Span, query: Partial<ToolCallQuery> = {}) =>
  toToolCallsHref({ status: 'made', ...query, ...toSpanFilter(span) })
export const toRuns = (span: Span, query: Partial<RunQuery> = {}) => toRunsHref({ ...query, ...toSpanFilter(span) })
export const toPeople = (span: Span) => listAddress('/admin/people', toSpanFilter(span))

/** The address of the overview itself. */
export const toOverview = (query: SpanQuery & { by?: Grouping }) => listAddress('/admin', query)

/** The list of what is behind a problem. */
export function toCause({ kind, of, name, span, slowerMs }: Problem): string {
  if (kind === 'queue') return toRuns(span, { status: 'queued' })
  if (of === 'model') return toRuns(span, { status: 'unsuccessful', model: name })
  return kind === 'server_slow'
    ? toCalls(span, { server: name, slower: String(slowerMs), status: undefined })
    : toCalls(span, { server: name, status: 'unsuccessful' })
}
