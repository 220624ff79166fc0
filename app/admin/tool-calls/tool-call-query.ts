import { z } from 'zod'
import { Period, startOf } from '#app/admin/periods.ts'
import { listAddress } from '#app/ui/lists/list-address.ts'
import type { ToolCallFilter } from '#lib/data/runs/tool-calls.ts'

const text = z.string().min(1).max(200).optional().catch(undefined)

/** The filters of the list in the page's address. An unknown value counts as none. */
const Query = z.object({
  status: z.enum(['pending', 'succeeded', 'failed', 'declined', 'cancelled', 'unknown']).optional().catch(undefined),
  tool: text,
  server: text,
  /** Part of a name or address, and the id of one person. */
  who: text,
  person: text,
  failure: text,
  thread: text,
  since: Period,
  after: text,
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

/** The filters in the form that the ledger takes. */
export function toLedgerFilter({
  status,
  tool,
  server,
  who,
  person,
  failure,
  thread,
  since,
  after,
}: ToolCallQuery): ToolCallFilter {
  return {
    status,
    tool,
    server,
    ownerId: person,
    person: who,
    failureClass: failure,
    threadId: thread,
    since: startOf(since),
    after,
  }
}
