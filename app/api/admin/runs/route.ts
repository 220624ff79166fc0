import { parseRunQuery, toRunFilter } from '#app/admin/runs/run-query.ts'
import { answerExport, EXPORTS } from '#app/api/admin/answer-export.ts'
import { route } from '#lib/auth/route.ts'
import { exportRuns } from '#lib/data/runs/lists/export-list.ts'

/** The list of everybody's runs, with the filters of its page, as a file. Others than admins get 404. */
export const GET = route({ session: 'admin', limit: EXPORTS }, (visit) =>
  answerExport(visit, {
    list: 'runs',
    action: 'runs_exported',
    pieces: (params, format) => exportRuns(toRunFilter(parseRunQuery(params)), format),
  }),
)
