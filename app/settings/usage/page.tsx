import Link from 'next/link'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { LimitMeter } from '#app/usage/limit-meter.tsx'
import { PeriodLinks } from '#app/usage/period-links.tsx'
import { UsageOverview } from '#app/usage/usage-overview.tsx'
import { toPeriodStart, UsagePeriodParam } from '#app/usage/usage-period.ts'
import { UsageTable } from '#app/usage/usage-table.tsx'
import { requirePageCaller } from '#lib/auth/sessions/page-caller.ts'
import { listOwnLimits } from '#lib/data/usage/usage-limits.ts'
import { readOwnUsage, type UsageGroup } from '#lib/data/usage/usage-report.ts'
import type { Translate } from '#lib/platform/language/translate.ts'

export const generateMetadata = makeTitle('Usage')

/** What a person's own requests to models used, and how far their limits are used up. */
export default async function OwnUsagePage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  const t = await readTranslate()
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
        title={t('Usage')}
        hint={t('What your conversations used of models. Days and months begin at midnight UTC.')}
        actions={<PeriodLinks path="/settings/usage" current={period} />}
      />
      <div className="grid gap-5">
        {limits.length > 0 && (
          <Card
            title={t('Your limits')}
            hint={t('Set by an administrator. When one is used up, models are not asked until it starts anew.')}
          >
            <div className="grid gap-5 sm:grid-cols-2">
              {limits.map((limit) => (
                <LimitMeter key={limit.id} limit={limit} />
              ))}
            </div>
          </Card>
        )}
        <UsageOverview days={days} since={since}>
          <UsageTable title={t('By model')} head={t('Model')} groups={models} nameOf={({ key }) => key} />
          <UsageTable
            title={t('By assistant')}
            head={t('Assistant')}
            groups={assistants}
            nameOf={({ key }) => key ?? t('Without an assistant')}
          />
          <UsageTable
            title={t('By conversation')}
            hint={t('The 100 that used most')}
            head={t('Conversation')}
            groups={threads}
            nameOf={(group) => nameThread(group, t)}
          />
        </UsageOverview>
      </div>
    </>
  )
}

function nameThread({ key, name }: UsageGroup, t: Translate) {
  if (key === null) return t('Deleted conversations, and speech')
  return (
    <Link href={`/chat/${key}`} className="text-accent underline-offset-2 hover:underline">
      {name ?? t('A conversation without a name')}
    </Link>
  )
}
