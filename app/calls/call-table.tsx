import Link from 'next/link'
import { readTranslate } from '#app/language/page-language.ts'
import { type Column, Table } from '#app/ui/lists/table.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toDurationText } from '#app/ui/time-text.ts'
import type { ToolCallRow } from '#lib/data/runs/tool-calls.ts'
import { CallStatus } from './call-status.tsx'
import { explainFailure } from './explain-failure.ts'

/** Tool calls as rows. The whole row links to the call's page. */
export async function CallTable({
  calls,
  href,
  withPerson = false,
  exactTimes = false,
}: {
  calls: ToolCallRow[]
  href: (call: ToolCallRow) => string
  withPerson?: boolean
  exactTimes?: boolean
}) {
  const t = await readTranslate()
  const columns: Column<ToolCallRow>[] = [
    {
      header: t('Tool'),
      lead: true,
      cell: (call) => (
        <Link href={href(call)} className="row-link">
          <span className="font-mono text-sm wrap-anywhere">{call.tool}</span>
          <span className="cell-note">{call.server}</span>
        </Link>
      ),
    },
    {
      header: t('Outcome'),
      cell: (call) => (
        <span>
          <CallStatus status={call.status} />
          {call.failureClass && call.status !== 'cancelled' && call.status !== 'declined' && (
            <span className="cell-note">{t(explainFailure(call.failureClass).title)}</span>
          )}
        </span>
      ),
    },
    ...(withPerson
      ? [{ header: t('Person'), cell: (call: ToolCallRow) => <span title={call.owner.email}>{call.owner.name}</span> }]
      : []),
    {
      header: t('Made by'),
      cell: (call) =>
        ({ chat: t('Assistant'), repeat: t('Repetition') })[call.via] ?? call.clientName ?? t('MCP client'),
    },
    { header: t('Took'), align: 'end', cell: (call) => toDurationText(call.durationMs, t.locale) },
    {
      header: t('When'),
      align: 'end',
      cell: (call) => <RelativeTime at={call.startedAt.toISOString()} exact={exactTimes} />,
    },
  ]
  return <Table caption={t('Tool calls')} columns={columns} rows={calls} rowKey={({ id }) => id} />
}
