import type { ReactNode } from 'react'

/** One number of a page with its name above and a note below. */
export function Stat({ name, value, note }: { name: string; value: string; note: ReactNode }) {
  return (
    <div className="rounded-lg border border-line bg-surface p-4 odd:last:max-lg:col-span-2">
      <dt className="text-sm text-ink-soft">{name}</dt>
      <dd className="mt-1 text-2xl font-semibold tabular-nums">{value}</dd>
      <dd className="text-sm text-ink-faint">{note}</dd>
    </div>
  )
}
