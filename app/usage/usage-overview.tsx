import { ChartColumn } from 'lucide-react'
import type { ReactNode } from 'react'
import { Card } from '#app/ui/card.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { sumUsage, type UsageGroup } from '#lib/data/usage/usage-report.ts'
import { UsageDays } from './usage-days.tsx'
import { UsageStats } from './usage-stats.tsx'

/** What was used from a moment on: the totals, each day, and below them the page's own tables. */
export function UsageOverview({ days, since, children }: { days: UsageGroup[]; since: Date; children: ReactNode }) {
  if (days.length === 0)
    return (
      <Card>
        <EmptyState icon={ChartColumn} title="Nothing was used in this period">
          Each request to a model is counted here, with its tokens and what it cost.
        </EmptyState>
      </Card>
    )
  return (
    <>
      <UsageStats totals={sumUsage(days)} />
      <Card title="By day">
        <UsageDays groups={days} since={since} />
      </Card>
      {children}
    </>
  )
}
