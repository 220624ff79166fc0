import type { ReactNode } from 'react'
import { Wordmark } from './mark.tsx'

/**
 * The frame of the pages before sign-in: the wordmark, a card with the page's heading, and links
 * below.
 */
export function Entrance({
  title,
  hint,
  children,
  below,
}: {
  title: string
  hint?: ReactNode
  children: ReactNode
  below?: ReactNode
}) {
  return (
    <main id="content" className="grid min-h-dvh content-center justify-items-center gap-6 px-4 py-10">
      <Wordmark />
      <section className="w-full max-w-sm rounded-lg border border-line bg-surface p-6 wrap-anywhere">
        <h1 className="text-xl font-semibold">{title}</h1>
        {hint && <p className="mt-1 text-sm text-ink-soft">{hint}</p>}
        <div className="mt-5 grid gap-4">{children}</div>
      </section>
      {below && <div className="max-w-sm text-center text-sm text-ink-soft">{below}</div>}
    </main>
  )
}
