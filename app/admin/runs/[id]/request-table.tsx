import { PURPOSE_NAMES } from '#app/admin/runs/purpose-names.ts'
import { Badge } from '#app/ui/badge.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import type { RequestRow } from '#lib/data/usage/model-requests.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'

/** The requests of a run to models, each with what it used and what it cost. */
export function RequestTable({ requests }: { requests: RequestRow[] }) {
  return (
    <Table
      caption="Requests to models"
      rows={requests}
      rowKey={({ id }) => id}
      columns={[
        {
          header: 'For',
          lead: true,
          cell: ({ purpose, outcome }) => (
            <span className="inline-flex flex-wrap items-center gap-2">
              {PURPOSE_NAMES[purpose]} <Outcome outcome={outcome} />
            </span>
          ),
        },
        {
          header: 'Model',
          cell: ({ model, provider, assistant }) => (
            <div>
              <span className="wrap-anywhere">{model}</span>
              <span className="block text-sm text-ink-faint">
                {assistant ? `${provider} · ${assistant}` : provider}
              </span>
            </div>
          ),
        },
        {
          header: 'Input',
          align: 'end',
          cell: (row) => <Tokens count={row.inputTokens} of={row.cachedTokens} as="cached" />,
        },
        {
          header: 'Output',
          align: 'end',
          cell: (row) => <Tokens count={row.outputTokens} of={row.reasoningTokens} as="reasoning" />,
        },
        {
          header: 'Cost',
          align: 'end',
          cell: ({ costMicros, isEstimated }) => (
            <div>
              {costMicros === null ? 'no price' : toMoneyText(BigInt(costMicros))}
              {isEstimated && <span className="block text-sm text-ink-faint">estimated</span>}
            </div>
          ),
        },
        {
          header: 'Took',
          align: 'end',
          cell: ({ createdAt, settledAt }) => toDurationText(settledAt && settledAt.getTime() - createdAt.getTime()),
        },
      ]}
    />
  )
}

function Tokens({ count, of, as }: { count: number; of: number; as: string }) {
  return (
    <div>
      {toCountText(count)}
      {of > 0 && <span className="block text-sm text-ink-faint">{`${toCountText(of)} ${as}`}</span>}
    </div>
  )
}

function Outcome({ outcome }: Pick<RequestRow, 'outcome'>) {
  if (outcome === 'done') return null
  if (outcome === null) return <Badge tone="warn">Under way</Badge>
  const words = { failed: 'Failed', stopped: 'Stopped', lost: 'Process died' }
  return <Badge tone={outcome === 'stopped' ? 'warn' : 'bad'}>{words[outcome]}</Badge>
}
