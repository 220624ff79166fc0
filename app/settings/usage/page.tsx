import { ChartColumn } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { LimitMeter } from '#app/usage/limit-meter.tsx'
import { PeriodLinks } from '#app/usage/period-links.tsx'
import { UsageDays } from '#app/usage/usage-days.tsx'
import { toPeriodStart, UsagePeriodParam } from '#app/usage/usage-period.ts'
import { UsageStats } from '#app/usage/usage-stats.tsx'
import { UsageTable } from '#app/usage/usage-table.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { listOwnLimits } from '#lib/data/usage/usage-limits.ts'
import { readOwnUsage, sumUsage, type UsageGroup } from '#lib/data/usage/usage-report.ts'

export const metadata: Metadata = { title: 'Usage' }

/** What a person's own requests to models used, and how far their limits are used up. */
export default async function OwnUsagePage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const caller = await requirePageCaller()
  const period = UsagePeriodParam.parse((await searchParams).period)
  const since = toPeriodStart(period)
  const [limits, days, models, assistants, threads] = await Promise.all([
    listOwnLimits(caller),
    readOwnUsage(caller, 'day', since),
    readOwnUsage(caller, 'model', since),
    readOwnUsage(caller, 'assistant', since),
    readOwnUsage(caller, 'thread', since),
  ])
  return (
    <>
      <PageHeader
        back={{ href: '/settings', label: 'Settings' }}
        title="Usage"
        hint="What your conversations used of models. Days and months begin at midnight UTC."
        actions={<PeriodLinks path="/settings/usage" current={period} />}
      />
      <div className="grid gap-5">
        {limits.length > 0 && (
          <Card
            title="Your limits"
            hint="Set by an administrator. When one is used up, models are not asked until it starts anew."
          >
            <div className="grid gap-5 sm:grid-cols-2">
              {limits.map((limit) => (
                <LimitMeter key={limit.id} limit={limit} />
              ))}
            </div>
          </Card>
        )}
        {days.length === 0 ? (
          <Card>
            <EmptyState icon={ChartColumn} title="Nothing was used in this period">
              Each request to a model is counted here, with its tokens and what it cost.
            </EmptyState>
          </Card>
        ) : (
          <>
            <UsageStats totals={sumUsage(days)} />
            <Card title="By day">
              <UsageDays groups={days} since={since} />
            </Card>
            <Card title="By model" flush>
              <UsageTable caption="By model" head="Model" groups={models} nameOf={({ key }) => key} />
            </Card>
            <Card title="By assistant" flush>
              <UsageTable
                caption="By assistant"
                head="Assistant"
                groups={assistants}
                nameOf={({ key }) => key ?? 'Without an assistant'}
              />
            </Card>
            <Card title="By conversation" hint="The 100 that used most" flush>
              <UsageTable caption="By conversation" head="Conversation" groups={threads} nameOf={nameThread} />
            </Card>
          </>
        )}
      </div>
    </>
  )
}

function nameThread({ key, name }: UsageGroup) {
  if (key === null) return 'Deleted conversations, and speech'
  return (
    <Link href={`/chat/${key}`} className="text-accent underline-offset-2 hover:underline">
      {name ?? 'A conversation without a name'}
    </Link>
  )
}
