import { CircleCheck } from 'lucide-react'
import Link from 'next/link'
import type { Overview } from '#lib/data/stats.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { explainFailure } from '../ui/failure-text.ts'
import { RelativeTime } from '../ui/relative-time.tsx'
import { countText } from '../ui/time-text.ts'
import { toolCallsHref } from './tool-calls/filter.ts'

/** The most frequent failure classes of the period, each leading to its calls. */
export function FailureList({ failures }: { failures: Overview['failures'] }) {
  if (failures.length === 0)
    return (
      <EmptyState icon={CircleCheck} title="Nothing failed">
        Every finished call did what it was asked to.
      </EmptyState>
    )
  return (
    <ul className="divide-y divide-line border-t border-line">
      {failures.map(({ failureClass, calls, lastAt }) => (
        <li key={failureClass}>
          <Link
            href={toolCallsHref({ failure: failureClass, since: '7d' })}
            className="flex items-baseline justify-between gap-3 px-4 py-2.5 hover:bg-sunken sm:px-5"
          >
            <span className="min-w-0">
              <span className="block font-medium">{explainFailure(failureClass).title}</span>
              <span className="text-sm text-ink-faint">
                Latest: <RelativeTime at={lastAt.toISOString()} />
              </span>
            </span>
            <span className="font-semibold tabular-nums">{countText(calls)}</span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
