import { CircleCheck, CircleX, Clock, TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { explainFailure } from '#app/calls/explain-failure.ts'
import { Card } from '#app/ui/card.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import type { Problem } from '#lib/data/runs/overview/read-problems.ts'
import { RUN_FAILURES } from '#lib/data/runs/run-failures.ts'
import { Figure } from './figure.tsx'
import { toCause } from './overview-links.ts'

const ICONS = {
  server_down: CircleX,
  model_failing: CircleX,
  error_rate: TriangleAlert,
  server_slow: Clock,
  queue: Clock,
} as const

/** A server that this process has stopped asking, because it did not answer. */
export type OpenBreaker = { name: string; href: string; said: string; retryAt: Date }

/** What is broken now, each with the way to its cause. */
export function HealthCard({ problems, breakers }: { problems: Problem[]; breakers: OpenBreaker[] }) {
  const isWell = problems.length + breakers.length === 0
  return (
    <Card title="Health" hint="The last hour, beside the same hour of the last 7 days" flush>
      {isWell ? (
        <p className="flex items-center gap-3 border-t border-line px-4 py-3 sm:px-5">
          <CircleCheck aria-hidden className="size-5 shrink-0 text-ok" />
          No server or model failed three times in a row, no error rate is unusual, and no run waits to be started.
        </p>
      ) : (
        <ul className="divide-y divide-line border-t border-line">
          {breakers.map(({ name, href, said, retryAt }) => (
            <Line key={`breaker ${name}`} icon={CircleX}>
              <Link href={href} className="font-medium underline-offset-4 hover:underline">
                {name} is not asked for now
              </Link>
              <p className="text-sm text-ink-soft">
                {said} It is asked again <RelativeTime at={retryAt.toISOString()} />.
              </p>
            </Line>
          ))}
          {problems.map((problem) => (
            <Line key={`${problem.kind} ${problem.of} ${problem.name}`} icon={ICONS[problem.kind]}>
              <p className="font-medium">{toTitle(problem)}</p>
              <p className="text-sm text-ink-soft">
                <Figure count={problem.count} href={toCause(problem)} tone="bad">
                  {toCountText(problem.count)} of {toCountText(problem.total)}{' '}
                  {problem.of === 'server' ? 'calls' : 'runs'}
                </Figure>{' '}
                {toNote(problem)}
              </p>
            </Line>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Line({ icon: Icon, children }: { icon: typeof CircleX; children: ReactNode }) {
  return (
    <li className="flex items-start gap-3 px-4 py-3 sm:px-5">
      <Icon aria-hidden className={`mt-0.5 size-5 shrink-0 ${Icon === CircleX ? 'text-bad' : 'text-warn'}`} />
      <div className="min-w-0">{children}</div>
    </li>
  )
}

function toTitle({ kind, of, name }: Problem): string {
  if (kind === 'server_down') return `The server ${name} does not answer`
  if (kind === 'model_failing') return `The model ${name} fails`
  if (kind === 'server_slow') return `The server ${name} is slow`
  if (kind === 'queue') return 'Runs wait to be started'
  return of === 'server'
    ? `Calls of the server ${name} fail more than usual`
    : `Runs of the model ${name} fail more than usual`
}

function toNote({ kind, of, failureClass, slowerMs }: Problem): string {
  if (kind === 'server_slow') return `took at least ${toDurationText(slowerMs)}, twice the usual p95.`
  if (kind === 'queue') return 'have waited for more than 30 seconds.'
  if (!failureClass) return 'failed.'
  const { title } = of === 'server' ? explainFailure(failureClass) : explainFailure(failureClass, RUN_FAILURES)
  return `failed, most often with “${title}”.`
}
