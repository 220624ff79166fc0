import Link from 'next/link'
import type { ReactNode } from 'react'

/**
 * A number of the overview. It leads to the list that it counts: the total of that list is `count`, or
 * its sum of tokens or of millionths of a dollar.
 */
export function Figure({
  count,
  of = 'total',
  href,
  tone = 'plain',
  children,
}: {
  count: number | bigint
  of?: 'total' | 'tokens' | 'cost'
  href: string
  tone?: 'plain' | 'bad'
  children: ReactNode
}) {
  return (
    <Link
      href={href}
      prefetch={false}
      data-figure={String(count)}
      data-of={of}
      className={`tabular-nums underline-offset-4 ${tone === 'bad' && count > 0 ? 'text-bad underline decoration-1' : 'hover:underline'}`}
    >
      {children}
    </Link>
  )
}

/** A number with its name above, and beside it the same of the span before. */
export function FigureCard({ name, children, note }: { name: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="rounded-lg border border-line bg-surface px-4 py-3 last:odd:max-md:col-span-2 xl:first:col-span-2">
      <dt className="text-sm text-ink-soft">{name}</dt>
      <dd className="mt-1 text-xl font-semibold">{children}</dd>
      {note && <dd className="text-sm text-ink-faint">{note}</dd>}
    </div>
  )
}
