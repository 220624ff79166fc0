import type { z } from 'zod'
import { PERIOD_OPTIONS } from '#app/admin/periods.ts'
import type { CommonQuery } from '#app/admin/tool-calls/tool-call-query.ts'
import type { FilterMenu, FilterText } from '#app/ui/forms/filter-bar.tsx'
import { type ApprovalFilter, NOBODY } from '#lib/data/runs/lists/call-conditions.ts'
import type { CallFacets } from '#lib/data/runs/lists/call-facets.ts'

const APPROVALS: Record<ApprovalFilter, string> = {
  none: 'Not asked',
  asked: 'Asked',
  pending: 'Pending',
  approved: 'Approved',
  denied: 'Declined',
  expired: 'Expired',
}

const plain = (values: string[]) => values.map((value) => ({ value, label: value }))

/** The controls that the lists of calls and of runs have in common. */
export function makeCommonFilters(
  query: z.infer<typeof CommonQuery>,
  facets: CallFacets,
): { texts: FilterText[]; menus: FilterMenu[] } {
  return {
    texts: [
      ...(query.person ? [] : [{ name: 'who', label: 'Person', value: query.who, placeholder: 'Name or address' }]),
      { name: 'tool', label: 'Tool', value: query.tool, options: facets.tools },
      { name: 'from', label: 'From (UTC)', value: query.from, type: 'datetime-local', further: true },
      { name: 'to', label: 'To (UTC)', value: query.to, type: 'datetime-local', further: true },
      { name: 'slower', label: 'Took at least (ms)', value: query.slower, type: 'number', further: true },
      { name: 'faster', label: 'Took at most (ms)', value: query.faster, type: 'number', further: true },
      { name: 'thread', label: 'Conversation', value: query.thread, placeholder: 'thr_…', further: true },
    ],
    menus: [
      { name: 'server', label: 'Server', value: query.server, options: plain(facets.servers) },
      { name: 'since', label: 'Time', value: query.since, options: PERIOD_OPTIONS },
      {
        name: 'sort',
        label: 'Order',
        value: query.sort === 'newest' ? undefined : query.sort,
        none: 'Newest first',
        options: [
          { value: 'oldest', label: 'Oldest first' },
          { value: 'slowest', label: 'Slowest first' },
        ],
      },
      {
        name: 'model',
        label: 'Model',
        value: query.model,
        options: [...plain(facets.models), { value: NOBODY, label: 'No model' }],
        further: true,
      },
      {
        name: 'assistant',
        label: 'Assistant',
        value: query.assistant,
        options: [...plain(facets.assistants), { value: NOBODY, label: 'Built in, or none' }],
        further: true,
      },
      {
        name: 'approval',
        label: 'Approval',
        value: query.approval,
        options: Object.entries(APPROVALS).map(([value, label]) => ({ value, label })),
        further: true,
      },
    ],
  }
}
