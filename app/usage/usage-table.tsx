import type { ReactNode } from 'react'
import { readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { Table } from '#app/ui/lists/table.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import type { UsageGroup, UsageTotals } from '#lib/data/usage/usage-report.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import type { Translate } from '#lib/platform/language/translate.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'

/** A card of what groups of requests used, a row each. `nameOf` names a group, and may link it. */
export async function UsageTable({
  title,
  hint,
  head,
  groups,
  nameOf,
}: {
  title: string
  hint?: string
  head: string
  groups: UsageGroup[]
  nameOf: (group: UsageGroup) => ReactNode
}) {
  const t = await readTranslate()
  return (
    <Card title={title} hint={hint} flush>
      <Table
        caption={title}
        rows={groups}
        rowKey={({ key, note }) => JSON.stringify([key, note])}
        columns={[
          {
            header: head,
            lead: true,
            cell: (group) => (
              <>
                <span className="block font-medium wrap-anywhere">{nameOf(group)}</span>
                {group.note && (
                  <span className="block text-sm font-normal wrap-anywhere text-ink-faint">{group.note}</span>
                )}
              </>
            ),
          },
          { header: t('Requests'), align: 'end', cell: ({ requests }) => toCountText(requests, t.locale) },
          {
            header: t('Input tokens'),
            align: 'end',
            cell: ({ input, cached }) => <Tokens count={input} part={cached} of="{count} cached" />,
          },
          {
            header: t('Output tokens'),
            align: 'end',
            cell: ({ output, reasoning }) => <Tokens count={output} part={reasoning} of="{count} reasoning" />,
          },
          { header: t('Cost'), align: 'end', cell: (group) => toCostText(group, t) },
        ]}
      />
    </Card>
  )
}

async function Tokens({ count, part, of }: { count: bigint; part: bigint; of: Sentence }) {
  const t = await readTranslate()
  return (
    <div>
      {toCountText(count, t.locale)}
      {part > 0n && (
        <span className="block text-sm text-ink-faint">{t(of, { count: toCountText(part, t.locale) })}</span>
      )}
    </div>
  )
}

/** "$1.20", or that it is not known for models without a price. */
export function toCostText(
  { costMicros, requests, unpriced }: Pick<UsageTotals, 'costMicros' | 'requests' | 'unpriced'>,
  t: Translate,
): string {
  return requests > 0 && unpriced === requests ? t('no price') : toMoneyText(costMicros, t.locale)
}
