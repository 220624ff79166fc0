import { CircleCheck } from 'lucide-react'
import { Suspense } from 'react'
import { z } from 'zod'
import { explainFailure } from '#app/calls/explain-failure.ts'
import { LinkButton } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { PageHeader } from '#app/ui/layout/page-header.tsx'
import { EmptyState } from '#app/ui/lists/empty-state.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { requirePageAdmin } from '#lib/auth/sessions/page-caller.ts'
import {
  countActivePeople,
  listCallFailures,
  listRunFailures,
  readBuckets,
  readCallFigures,
  readRunFigures,
} from '#lib/data/runs/overview/read-overview.ts'
import { readProblems } from '#lib/data/runs/overview/read-problems.ts'
import { RUN_FAILURES } from '#lib/data/runs/run-failures.ts'
import { findHealth, findLastFailure, findRetryTime } from '#lib/mcp-client/servers/health.ts'
import { listAllServers } from '#lib/mcp-client/servers/mcp-servers.ts'
import { Live } from './live.tsx'
import { CallChart } from './overview/call-chart.tsx'
import { FailureList } from './overview/failure-list.tsx'
import { FigureCards } from './overview/figure-cards.tsx'
import { GroupCard } from './overview/group-card.tsx'
import { HealthCard, type OpenBreaker } from './overview/health-card.tsx'
import { GROUPINGS, type Grouping, toCalls, toOverview, toRuns } from './overview/overview-links.ts'
import { PERIOD_OPTIONS, readSpan, SpanQuery } from './periods.ts'

const Query = SpanQuery.extend({ by: z.enum(GROUPINGS).optional().catch(undefined) })
type Query = z.infer<typeof Query>

/** The lengths (s) of the chart's parts. */
const PARTS = [60, 300, 900, 3_600, 10_800, 21_600, 86_400, 259_200]
const PARTS_MAX = 36

/** The admin's overview: first what is broken now, then the numbers of a time, each a link to its list. */
export default async function AdminPage({ searchParams }: { searchParams: Promise<Record<string, unknown>> }) {
  await requirePageAdmin()
  const query = Query.parse(await searchParams)
  return (
    <>
      <PageHeader title="Overview" actions={!query.from && <Live everySeconds={10} />} />
      <div className="grid gap-4">
        <Suspense fallback={<Skeleton lines={2} label="Loading the health" />}>
          <Health />
        </Suspense>
        <Periods query={query} />
        <Suspense key={toOverview(query)} fallback={<Skeleton lines={12} label="Loading the overview" />}>
          <Numbers query={query} by={query.by ?? 'tool'} />
        </Suspense>
      </div>
    </>
  )
}

async function Health() {
  const until = new Date((Math.floor(Date.now() / 1000) + 1) * 1000)
  const [problems, servers] = await Promise.all([readProblems(until), listAllServers()])
  const breakers = servers.flatMap(({ id, name, url }): OpenBreaker[] => {
    const retryAt = findRetryTime(url)
    if (findHealth(url) !== 'down' || !retryAt) return []
    return [
      { name, href: `/admin/servers/${id}`, said: findLastFailure(url)?.sentence ?? 'It did not answer.', retryAt },
    ]
  })
  return <HealthCard problems={problems} breakers={breakers} />
}

function Periods({ query }: { query: Query }) {
  const { span, period } = readSpan(query)
  return (
    <nav aria-label="Time" className="flex flex-wrap items-center gap-1">
      {PERIOD_OPTIONS.map(({ value, label }) => (
        <LinkButton
          key={value}
          size="sm"
          tone={value === period ? 'secondary' : 'quiet'}
          href={toOverview({ range: value, by: query.by })}
          aria-current={value === period ? 'page' : undefined}
        >
          {label}
        </LinkButton>
      ))}
      {!period && (
        <span className="text-sm text-ink-soft">
          <RelativeTime at={span.since.toISOString()} exact /> to <RelativeTime at={span.until.toISOString()} exact />
        </span>
      )}
    </nav>
  )
}

async function Numbers({ query, by }: { query: Query; by: Grouping }) {
  const { span, before } = readSpan(query)
  const seconds = (span.until.getTime() - span.since.getTime()) / 1000
  const part = PARTS.find((length) => seconds / length <= PARTS_MAX) ?? seconds
  const [calls, callsBefore, runs, runsBefore, people, buckets, callFailures, runFailures] = await Promise.all([
    readCallFigures(span),
    readCallFigures(before),
    readRunFigures(span),
    readRunFigures(before),
    countActivePeople(span),
    readBuckets(span, part),
    listCallFailures(span),
    listRunFailures(span),
  ])
  return (
    <>
      <FigureCards
        now={{ span, calls, runs }}
        before={{ span: before, calls: callsBefore, runs: runsBefore }}
        people={people}
      />
      <div className="grid items-start gap-4 lg:grid-cols-[2fr_1fr]">
        <CallChart buckets={buckets} />
        <Card title="What failed" hint="The most frequent reasons" flush>
          {runFailures.length + callFailures.length === 0 && (
            <EmptyState icon={CircleCheck} title="Nothing failed">
              Every finished run and call did what it was asked to.
            </EmptyState>
          )}
          <FailureList
            title="Runs"
            failures={runFailures}
            nameOf={(failureClass) => explainFailure(failureClass, RUN_FAILURES).title}
            hrefOf={(failure) => toRuns(span, { failure })}
          />
          <FailureList
            title="Tool calls"
            failures={callFailures}
            nameOf={(failureClass) => explainFailure(failureClass).title}
            hrefOf={(failure) => toCalls(span, { failure, status: 'unsuccessful' })}
          />
        </Card>
      </div>
      <GroupCard span={span} by={by} query={query} />
    </>
  )
}
