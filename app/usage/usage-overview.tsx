import { ChartColumn } from 'lucide-react'
import type { ReactNode } from 'react'
import { readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { sumUsage, type UsageGroup } from '#lib/data/usage/usage-report.ts'
import { UsageDays } from './usage-days.tsx'
import { UsageStats } from './usage-stats.tsx'

/** What was used from a moment on: the totals, each day, and below them the page's own tables. */
export async function UsageOverview({
  days,
  since,
  children,
}: {
  days: UsageGroup[]
  since: Date
  children: ReactNode
}) {
  const t = await readTranslate()
  if (days.length === 0)
    return (
      <Card>
        <EmptyState icon={ChartColumn} title={t('Nothing was used in this period')}>
          {t('Each request to a model is counted here, with its tokens and what it cost.')}
        </EmptyState>
      </Card>
    )
  return (
    <>
      <UsageStats totals={sumUsage(days)} />
      <Card title={t('By day')}>
        <UsageDays groups={days} since={since} />
      </Card>
      {children}
    </>
  )
}
