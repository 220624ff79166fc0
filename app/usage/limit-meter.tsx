import { Badge } from '#app/ui/badge.tsx'
import { toEndText, toPercent, toUsedText } from '#lib/data/usage/limit-text.ts'
import type { LimitStanding } from '#lib/data/usage/usage-limits.ts'

/** How far a limit is used up, and when it starts anew. */
export function LimitMeter({ limit }: { limit: LimitStanding }) {
  const { period, isShared, warnPercent } = limit
  const percent = toPercent(limit)
  const colour = percent === 100 ? 'bad' : percent >= warnPercent ? 'warn' : 'accent'
  const name = `${period === 'day' ? 'Today' : 'This month'}${isShared ? ', shared with others' : ''}`
  return (
    <div className="grid gap-1.5">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="font-medium">{name}</span>
        {percent === 100 ? (
          <Badge tone="bad">Used up</Badge>
        ) : (
          percent >= warnPercent && <Badge tone="warn">Mostly used</Badge>
        )}
      </div>
      <svg
        role="img"
        aria-label={`${name}: ${percent} % used`}
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        className="h-2 w-full rounded-full bg-sunken"
      >
        <rect width={percent} height={4} fill={`var(--${colour})`} />
      </svg>
      <p className="text-sm text-ink-faint">
        {`${toUsedText(limit)} (${percent} %). It starts anew on ${toEndText(limit)}.`}
      </p>
    </div>
  )
}
