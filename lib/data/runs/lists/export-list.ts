import { stringify } from 'csv-stringify/sync'
import { listRuns, type RunRow } from '#lib/data/runs/run-list.ts'
import { listToolCallEntries, type ToolCallEntry } from '#lib/data/runs/tool-calls.ts'
import type { Page } from '#lib/platform/page.ts'
import type { ToolCallFilter } from './call-conditions.ts'
import type { RunFilter } from './run-conditions.ts'

export type ExportFormat = 'csv' | 'jsonl'

/** Arguments and results of so many calls are held at a time: 5 MB at most. */
const CALLS_AT_ONCE = 100

type Columns<Row> = Record<string, (row: Row) => unknown>

const CALL_COLUMNS: Columns<ToolCallEntry> = {
  id: ({ id }) => id,
  started_at: ({ startedAt }) => startedAt.toISOString(),
  finished_at: ({ finishedAt }) => finishedAt?.toISOString() ?? null,
  duration_ms: ({ durationMs }) => durationMs,
  status: ({ status }) => status,
  failure_class: ({ failureClass }) => failureClass,
  error_message: ({ errorMessage }) => errorMessage,
  person: ({ owner }) => owner.name,
  address: ({ owner }) => owner.email,
  server: ({ server }) => server,
  tool: ({ tool }) => tool,
  model: ({ model }) => model,
  via: ({ via }) => via,
  client: ({ clientName }) => clientName,
  thread_id: ({ threadId }) => threadId,
  run_id: ({ runId }) => runId,
  repeat_of: ({ repeatOf }) => repeatOf,
  arguments: (call) => call.arguments,
  result: ({ result }) => result,
}

const RUN_COLUMNS: Columns<RunRow> = {
  id: ({ id }) => id,
  created_at: ({ createdAt }) => createdAt.toISOString(),
  first_words_at: ({ firstDeltaAt }) => firstDeltaAt?.toISOString() ?? null,
  finished_at: ({ finishedAt }) => finishedAt?.toISOString() ?? null,
  status: ({ status }) => status,
  failure_class: ({ failureClass }) => failureClass,
  error_message: ({ errorMessage }) => errorMessage,
  person: ({ name }) => name,
  address: ({ email }) => email,
  model: ({ model }) => model,
  provider: ({ provider }) => provider,
  input_tokens: ({ inputTokens }) => inputTokens,
  output_tokens: ({ outputTokens }) => outputTokens,
  calls: ({ calls }) => calls,
  thread_id: ({ threadId }) => threadId,
}

/**
 * Yields the calls of a filtered list as a file, in the list's order, with what is stored of arguments
 * and results. Holds 100 at a time. Only for callers whose admin role was checked.
 */
export function exportToolCalls(filter: ToolCallFilter, format: ExportFormat): AsyncGenerator<string> {
  const until = filter.until ?? new Date()
  return exportList(format, CALL_COLUMNS, (after) =>
    listToolCallEntries({ admin: true }, { ...filter, until, after, limit: CALLS_AT_ONCE }),
  )
}

/** The same for runs. */
export function exportRuns(filter: RunFilter, format: ExportFormat): AsyncGenerator<string> {
  const until = filter.until ?? new Date()
  return exportList(format, RUN_COLUMNS, (after) => listRuns({ ...filter, until, after }))
}

async function* exportList<Row>(
  format: ExportFormat,
  columns: Columns<Row>,
  read: (after: string | undefined) => Promise<Page<Row>>,
): AsyncGenerator<string> {
  const names = Object.keys(columns)
  const values = (row: Row) => names.map((name) => columns[name]?.(row) ?? null)
  if (format === 'csv') yield toLines([names])
  let after: string | undefined
  do {
    const page = await read(after)
    const rows = page.data.map(values)
    if (rows.length > 0)
      yield format === 'csv'
        ? toLines(
            rows.map((row) => row.map((value) => (typeof value === 'object' && value ? JSON.stringify(value) : value))),
          )
        : rows
            .map((row) => `${JSON.stringify(Object.fromEntries(names.map((name, at) => [name, row[at]])))}\n`)
            .join('')
    after = page.after
  } while (after)
}

const toLines = (rows: unknown[][]) => stringify(rows, { escape_formulas: true, record_delimiter: 'windows' })
