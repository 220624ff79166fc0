import { recordAudit } from '#lib/data/audit.ts'
import type { ExportFormat } from '#lib/data/runs/lists/export-list.ts'
import { toByteStream } from '#lib/platform/http/byte-stream.ts'

/** The downloads of lists that one admin may begin. */
export const EXPORTS = { name: 'list-exports', points: 30, seconds: 3_600 }

const TYPES = { csv: 'text/csv', jsonl: 'application/jsonl' }

/**
 * A filtered list as a file, in the format of the address (`?format=csv` or `jsonl`). The audit log
 * says who took it and with which filters, before the first line is sent.
 */
export async function answerExport(
  { request, caller }: { request: Request; caller: { userId: string } },
  {
    list,
    action,
    pieces,
  }: {
    list: string
    action: 'calls_exported' | 'runs_exported'
    pieces: (
      params: Record<string, string>,
      format: ExportFormat,
    ) => Promise<AsyncGenerator<string>> | AsyncGenerator<string>
  },
): Promise<Response> {
  const { format: wanted, after: _place, ...params } = Object.fromEntries(new URL(request.url).searchParams)
  const format = wanted === 'jsonl' ? 'jsonl' : 'csv'
  const made = await pieces(params, format)
  const filters = Object.entries(params)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
    .slice(0, 500)
  await recordAudit({ action, actorId: caller.userId, detail: { format, ...(filters && { filters }) } })
  return new Response(toByteStream(made, `the export of ${list}`), {
    headers: {
      'content-type': `${TYPES[format]}; charset=utf-8`,
      'content-disposition': `attachment; filename="${list}-${new Date().toISOString().slice(0, 10)}.${format}"`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  })
}
