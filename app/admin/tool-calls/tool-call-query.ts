import { z } from 'zod'
import { Moment, Period, startOf, toDate } from '#app/admin/periods.ts'
import { listAddress } from '#app/ui/lists/list-address.ts'
import { APPROVAL_FILTERS, type ToolCallFilter } from '#lib/data/runs/lists/call-conditions.ts'
import { LIST_SORTS } from '#lib/data/runs/lists/list-order.ts'

const text = z.string().trim().min(1).max(200).optional().catch(undefined)
/** Milliseconds, as text in the address. */
export const Milliseconds = z
  .string()
  .regex(/^\d{1,8}$/)
  .optional()
  .catch(undefined)

/** The filters that the lists of calls and of runs have in common. An unknown value counts as none. */
export const CommonQuery = z.object({
  /** Part of a name or address, and the id of one person. */
  who: text,
  person: text,
  server: text,
  tool: text,
  model: text,
  assistant: text,
  failure: text,
  thread: text,
  approval: z.enum(APPROVAL_FILTERS).optional().catch(undefined),
  since: Period,
  from: Moment,
  to: Moment,
  slower: Milliseconds,
  faster: Milliseconds,
  times: z.literal('exact').optional().catch(undefined),
  sort: z.enum(LIST_SORTS).optional().catch(undefined),
  after: text,
})

/** The filters of the list in the page's address. */
const Query = CommonQuery.extend({
  status: z
    .enum(['made', 'unsuccessful', 'pending', 'succeeded', 'failed', 'declined', 'cancelled', 'unknown'])
    .optional()
    .catch(undefined),
  run: text,
  client: text,
  via: z.enum(['chat', 'mcp', 'repeat']).optional().catch(undefined),
  search: text,
})

export type ToolCallQuery = z.infer<typeof Query>

/** Reads the filters from a page's search parameters. */
export function parseToolCallQuery(params: Record<string, unknown>): ToolCallQuery {
  return Query.parse(params)
}

/** The address of the list with these filters. */
export function toToolCallsHref(query: ToolCallQuery): string {
  return listAddress('/admin/tool-calls', query)
}

/** The common filters in the form that both lists take. An exact time wins over a period. */
export function toCommonFilter(query: z.infer<typeof CommonQuery>) {
  const { server, tool, model, assistant, approval, sort, after } = query
  return {
    ...{ server, tool, model, assistant, approval, sort, after },
    ownerId: query.person,
    person: query.who,
    threadId: query.thread,
    since: toDate(query.from) ?? startOf(query.since),
    until: toDate(query.to),
    slowerMs: toNumber(query.slower),
    fasterMs: toNumber(query.faster),
  }
}

/** The filters in the form that the ledger takes. */
export function toLedgerFilter(query: ToolCallQuery): ToolCallFilter {
  const { status, client, via, search, run, failure } = query
  return { ...toCommonFilter(query), status, client, via, search, runId: run, failureClass: failure }
}

export const toNumber = (digits: string | undefined) => (digits === undefined ? undefined : Number(digits))
