import { ChevronLeft } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'

/**
 * The heading of a page: a link one level up, the title, one line of explanation, and the page's
 * actions.
 */
export function PageHeader({
  title,
  hint,
  back,
  actions,
}: {
  title: ReactNode
  hint?: ReactNode
  back?: { href: string; label: string }
  actions?: ReactNode
}) {
  return (
    <header className="mb-6 grid gap-2">
      {back && (
        <Link
          href={back.href}
          className="-ms-1 inline-flex w-fit items-center gap-0.5 text-sm text-ink-soft hover:text-accent"
        >
          <ChevronLeft aria-hidden className="size-4" />
          {back.label}
        </Link>
      )}
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold wrap-anywhere">{title}</h1>
          {hint && <p className="mt-1 max-w-prose text-ink-soft">{hint}</p>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
    </header>
  )
}
