import { parseToolCallQuery, toLedgerFilter } from '#app/admin/tool-calls/tool-call-query.ts'
import { answerExport, EXPORTS } from '#app/api/admin/answer-export.ts'
import { route } from '#lib/auth/route.ts'
import { exportToolCalls } from '#lib/data/runs/lists/export-list.ts'
import { limitSearch } from '#lib/data/runs/tool-calls.ts'

/** The list of everybody's tool calls, with the filters of its page, as a file. Others than admins get 404. */
export const GET = route({ session: 'admin', limit: EXPORTS }, (visit) =>
  answerExport(visit, {
    list: 'tool-calls',
    action: 'calls_exported',
    pieces: async (params, format) => {
      const { filter } = await limitSearch({ admin: true }, toLedgerFilter(parseToolCallQuery(params)))
      return exportToolCalls(filter, format)
    },
  }),
)
