'use server'

import { parseRunQuery, toRunsHref } from '#app/admin/runs/run-query.ts'
import { parseToolCallQuery, toToolCallsHref } from '#app/admin/tool-calls/tool-call-query.ts'
import { serverAction } from '#app/server-action.ts'
import { deleteView, saveView } from '#lib/data/runs/lists/saved-views.ts'

const GATE = { who: 'admin', failure: 'saved view not changed', refresh: '/admin' } as const

/** Keeps the filters that the form names in `query` under its `name`, as a view of its `list`. */
export const keepView = serverAction(GATE, async (admin, form: FormData) => {
  const list = form.get('list') === 'runs' ? 'runs' : 'tool-calls'
  const given = Object.fromEntries(new URLSearchParams(String(form.get('query') ?? '')))
  // Only what the list knows is kept, and no place in it.
  const href =
    list === 'runs'
      ? toRunsHref({ ...parseRunQuery(given), after: undefined })
      : toToolCallsHref({ ...parseToolCallQuery(given), after: undefined })
  await saveView(admin, { list, name: String(form.get('name') ?? ''), query: href.split('?')[1] ?? '' })
})

/** Deletes the view that the form names in `view`. */
export const removeView = serverAction(GATE, (admin, form: FormData) =>
  deleteView(admin, String(form.get('view') ?? '')),
)
