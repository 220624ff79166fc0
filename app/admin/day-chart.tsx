import { toCountText } from '#app/ui/time-text.ts'
import type { DayOfCalls } from '#lib/data/runs/stats.ts'

const HEIGHT = 100
const STEP = 10
const BAR = 7

/**
 * Calls per day as bars, with failed calls at the bottom in their own colour. Screen readers get a
 * sentence.
 */
export function DayChart({ days }: { days: DayOfCalls[] }) {
  const top = Math.max(1, ...days.map(({ calls }) => calls))
  const total = days.reduce((sum, { calls }) => sum + calls, 0)
  const failed = days.reduce((sum, { failed: some }) => sum + some, 0)
  const label = `Tool calls a day over ${days.length} days: ${toCountText(total)} in all, ${toCountText(failed)} failed, ${toCountText(top)} on the busiest day.`
  return (
    <figure className="grid grid-cols-[auto_1fr] gap-x-2 text-xs text-ink-faint">
      <div aria-hidden className="flex flex-col justify-between text-end tabular-nums">
        <span>{toCountText(top)}</span>
        <span>0</span>
      </div>
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-40 w-full sm:h-60 border-b border-line"
      >
        {days.map(({ day, calls, failed: bad }, index) => {
          const height = (calls / top) * HEIGHT
          const foot = (bad / top) * HEIGHT
          const x = index * STEP + (STEP - BAR) / 2
          return (
            <g key={day}>
              <title>{`${dayName(day)}: ${toCountText(calls)} calls, ${toCountText(bad)} failed`}</title>
              <rect x={index * STEP} width={STEP} height={HEIGHT} fill="transparent" />
              <rect x={x} width={BAR} y={HEIGHT - height} height={height - foot} fill="var(--accent)" />
              <rect x={x} width={BAR} y={HEIGHT - foot} height={foot} fill="var(--bad)" />
            </g>
          )
        })}
      </svg>
      <figcaption className="col-start-2 mt-1 flex justify-between">
        <span>{dayName(days[0]?.day)}</span>
        <span className="flex gap-3">
          <Key colour="bg-accent">succeeded</Key>
          <Key colour="bg-bad">failed</Key>
        </span>
        <span>today</span>
      </figcaption>
    </figure>
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

const dayName = (day = '1970-01-01') =>
  new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(
    new Date(`${day}T00:00:00Z`),
  )
