import { DayBars, toDayName } from '#app/ui/day-bars.tsx'
import { toCountText } from '#app/ui/time-text.ts'
import type { DayOfCalls } from '#lib/data/runs/stats.ts'

/**
 * Calls per day as bars, with failed calls at the bottom in their own colour. Screen readers get a
 * sentence.
 */
export function DayChart({ days }: { days: DayOfCalls[] }) {
  const top = Math.max(1, ...days.map(({ calls }) => calls))
  const total = days.reduce((sum, { calls }) => sum + calls, 0)
  const failed = days.reduce((sum, { failed: some }) => sum + some, 0)
  return (
    <DayBars
      label={`Tool calls a day over ${days.length} days: ${toCountText(total)} in all, ${toCountText(failed)} failed, ${toCountText(top)} on the busiest day.`}
      top={top}
      topText={toCountText(top)}
      days={days.map(({ day, calls, failed: bad }) => ({
        day,
        title: `${toDayName(day)}: ${toCountText(calls)} calls, ${toCountText(bad)} failed`,
        parts: [
          { size: bad, colour: 'bad' },
          { size: calls - bad, colour: 'accent' },
        ],
      }))}
      legend={
        <>
          <Key colour="bg-accent">succeeded</Key>
          <Key colour="bg-bad">failed</Key>
        </>
      }
    />
  )
}

function Key({ colour, children }: { colour: string; children: string }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden className={`size-2 rounded-xs ${colour}`} />
      {children}
    </span>
  )
}
