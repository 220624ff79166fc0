import type { ReactNode } from 'react'

/** A bordered area with an optional heading. `flush` lets a table reach the edges. */
export function Card({
  title,
  hint,
  actions,
  flush = false,
  children,
}: {
  title?: ReactNode
  hint?: ReactNode
  actions?: ReactNode
  flush?: boolean
  children: ReactNode
}) {
  return (
    <section className="overflow-clip rounded-lg border border-line bg-surface">
      {title && (
        <header
          className={`flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-4 pt-4 sm:px-5 ${flush ? 'pb-3' : ''}`}
        >
          <div className="min-w-0">
            <h2 className="font-semibold">{title}</h2>
            {hint && <p className="text-sm text-ink-faint">{hint}</p>}
          </div>
          {actions}
        </header>
      )}
      <div className={flush ? '' : 'p-4 sm:p-5'}>{children}</div>
    </section>
  )
}
