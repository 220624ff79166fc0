'use client'

import { useTranslate } from '#app/language/sentences-provider.tsx'

/** Grey lines in the shape of what is loading. Screen readers say `label` once. */
export function Skeleton({ lines = 3, label }: { lines?: number; label?: string }) {
  const t = useTranslate()
  return (
    <div role="status" className="grid gap-3">
      <span className="sr-only">{label ?? t('Loading')}</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are alike and never move
        <div key={line} aria-hidden className="h-4 animate-breathe rounded-sm bg-sunken odd:w-full even:w-3/4" />
      ))}
    </div>
  )
}
