import { CircleCheck } from 'lucide-react'
import { Suspense } from 'react'
import { toToolCallsHref } from '#app/admin/tool-calls/tool-call-query.ts'
import { explainFailure } from '#app/calls/explain-failure.ts'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { listAddress } from '#app/ui/lists/list-address.ts'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { FailedCount, Stat } from '#app/ui/stat.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import { findPerson } from '#lib/data/people/users.ts'
import { RUN_FAILURES } from '#lib/data/runs/run-failures.ts'
import { CHART_DAYS, PERIOD_DAYS, readOverview } from '#lib/data/runs/stats.ts'
import { CallStatsTable } from './call-stats-table.tsx'
import { DayChart } from './day-chart.tsx'
import { FailureList } from './failure-list.tsx'
import { Live } from './live.tsx'

/** The admin's overview: usage, health, speed, and what fails. */
export default async function AdminPage() {
  const caller = await requirePageAdmin()
  const person = await findPerson(caller.userId)
  return (
    <>
      <PageHeader
        title="Overview"
        hint={`Days begin at midnight in ${person?.timeZone ?? 'UTC'}.`}
        actions={<Live everySeconds={10} />}
      />
      <Suspense fallback={<Skeleton lines={12} label="Loading the overview" />}>
        <Numbers timeZone={person?.timeZone ?? 'UTC'} />
      </Suspense>
    </>
  )
}

async function Numbers({ timeZone }: { timeZone: string }) {
  const { people, threads, runs, calls, days, tools, servers, callFailures, runFailures } = await readOverview(timeZone)
  return (
    <div className="grid gap-4">
      <dl className="grid grid-cols-2 gap-4 lg:grid-cols-5">
        <Stat
          name="People"
          value={toCountText(people.total)}
          note={`${toCountText(people.activeInPeriod)} active in ${PERIOD_DAYS} days`}
        />
        <Stat
          name="Conversations"
          value={toCountText(threads.total)}
          note={`${toCountText(threads.newToday)} new today`}
        />
        <Stat
          name="Runs today"
          value={toCountText(runs.today)}
          note={
            <>
              {toCountText(runs.active)} now · <FailedCount count={runs.failedToday} />
            </>
          }
        />
        <Stat
          name="Tool calls today"
          value={toCountText(calls.today)}
          note={<FailedCount count={calls.failedToday} />}
        />
        <Stat name="Tool call p50" value={toDurationText(calls.p50)} note={`p95 ${toDurationText(calls.p95)}`} />
      </dl>
      <div className="grid items-start gap-4 lg:grid-cols-[3fr_2fr]">
        <Card title="Tool calls a day" hint={`The last ${CHART_DAYS} days`}>
          <DayChart days={days} />
        </Card>
        <Card
          title="What failed"
          hint={`${toCountText(runs.failedInPeriod)} of ${toCountText(runs.inPeriod)} runs and ${toCountText(calls.failedInPeriod)} of ${toCountText(calls.inPeriod)} calls in ${PERIOD_DAYS} days`}
          flush
        >
          {runFailures.length + callFailures.length === 0 && (
            <EmptyState icon={CircleCheck} title="Nothing failed">
              Every finished run and call did what it was asked to.
            </EmptyState>
          )}
          <FailureList
            title="Runs"
            failures={runFailures}
            nameOf={(failureClass) => explainFailure(failureClass, RUN_FAILURES).title}
            hrefOf={(failure) => listAddress('/admin/runs', { failure, since: '7d' })}
          />
          <FailureList
            title="Tool calls"
            failures={callFailures}
            nameOf={(failureClass) => explainFailure(failureClass).title}
            hrefOf={(failure) => toToolCallsHref({ failure, since: '7d' })}
          />
        </Card>
      </div>
      <Card title="By tool" hint={`The last ${PERIOD_DAYS} days`} flush>
        <CallStatsTable by="tool" rows={tools} />
      </Card>
      <Card title="By server" hint={`The last ${PERIOD_DAYS} days`} flush>
        <CallStatsTable by="server" rows={servers} />
      </Card>
    </div>
  )
}
