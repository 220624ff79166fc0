import { Download, Gauge } from 'lucide-react'
import type { Metadata } from 'next'
import { PURPOSE_NAMES } from '#app/admin/runs/purpose-names.ts'
import { LinkButton, toButtonClass } from '#app/ui/button.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { PeriodLinks } from '#app/usage/period-links.tsx'
import { UsageOverview } from '#app/usage/usage-overview.tsx'
import { toPeriodStart, UsagePeriodParam } from '#app/usage/usage-period.ts'
import { UsageTable } from '#app/usage/usage-table.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { readUsage } from '#lib/data/usage/usage-report.ts'

export const metadata: Metadata = { title: 'Usage' }

/** What everybody's requests to models used: by day, person, model, assistant and provider. */
export default async function UsagePage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  await requirePageAdmin()
  const period = UsagePeriodParam.parse((await searchParams).period)
  const since = toPeriodStart(period)
  const [days, people, models, assistants, providers, purposes] = await Promise.all([
    readUsage('day', since),
    readUsage('person', since),
    readUsage('model', since),
    readUsage('assistant', since),
    readUsage('provider', since),
    readUsage('purpose', since),
  ])
  return (
    <>
      <PageHeader
        title="Usage"
        hint="What everybody used of models. Days and months begin at midnight UTC."
        actions={
          <span className="flex flex-wrap gap-2">
            <LinkButton href="/admin/usage/limits">
              <Gauge aria-hidden className="size-4" />
              Limits
            </LinkButton>
            <a href={`/api/admin/usage?period=${period}`} download className={toButtonClass()}>
              <Download aria-hidden className="size-4" />
              CSV
            </a>
          </span>
        }
      />
      <div className="grid gap-4">
        <PeriodLinks path="/admin/usage" current={period} />
        <UsageOverview days={days} since={since}>
          <UsageTable
            title="By person"
            hint="The 100 who used most"
            head="Person"
            groups={people}
            nameOf={({ key, name }) => (key === null ? 'Deleted accounts' : name)}
          />
          <UsageTable title="By model" head="Model" groups={models} nameOf={({ key }) => key} />
          <UsageTable
            title="By assistant"
            head="Assistant"
            groups={assistants}
            nameOf={({ key }) => key ?? 'Without an assistant'}
          />
          <UsageTable title="By server of models" head="Server" groups={providers} nameOf={({ key }) => key} />
          <UsageTable
            title="By purpose"
            head="Purpose"
            groups={purposes}
            nameOf={({ key }) => PURPOSE_NAMES[key as keyof typeof PURPOSE_NAMES]}
          />
        </UsageOverview>
      </div>
    </>
  )
}
