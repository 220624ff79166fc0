import Link from 'next/link'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import type { FailureCount } from '#lib/data/runs/overview/read-overview.ts'

type Props = {
  title: string
  failures: FailureCount[]
  /** The words for a class, and the address of the list that its row links to. */
  nameOf: (failureClass: string) => string
  hrefOf: (failureClass: string) => string
}

/**
 * The most frequent failure classes of the period under a heading, each with a link to what failed.
 * Renders nothing if nothing failed.
 */
export function FailureList({ title, failures, nameOf, hrefOf }: Props) {
  if (failures.length === 0) return null
  return (
    <section className="border-t border-line">
      <h3 className="px-4 pt-3 pb-1 text-sm text-ink-soft sm:px-5">{title}</h3>
      <ul className="divide-y divide-line">
        {failures.map(({ failureClass, count, lastAt }) => (
          <li key={failureClass}>
            <Link
              href={hrefOf(failureClass)}
              prefetch={false}
              data-figure={count}
              data-of="total"
              className="flex items-baseline justify-between gap-3 px-4 py-2.5 hover:bg-sunken sm:px-5"
            >
              <span className="min-w-0">
                <span className="block font-medium">{nameOf(failureClass)}</span>
                <span className="text-sm text-ink-faint">
                  Latest: <RelativeTime at={lastAt.toISOString()} />
                </span>
              </span>
              <span className="font-semibold tabular-nums">{toCountText(count)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
