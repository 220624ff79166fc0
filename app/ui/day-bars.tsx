import type { ReactNode } from 'react'
import { readTranslate } from '#app/language/page-language.ts'

const HEIGHT = 100
const STEP = 10
const BAR = 7

/** A day of a chart: what is said of it, and its parts from the bottom up. */
export type DayBar = { day: string; title: string; parts: { size: number; colour: string }[] }

/**
 * Days as bars. `top` is the size of a bar of full height and `topText` its label. Screen readers
 * get `label`; give them the numbers in a table beside it.
 */
export async function DayBars({
  label,
  days,
  top,
  topText,
  legend,
}: {
  label: string
  days: DayBar[]
  top: number
  topText: string
  legend?: ReactNode
}) {
  const t = await readTranslate()
  return (
    <figure className="grid grid-cols-[auto_1fr] gap-x-2 text-xs text-ink-faint">
      <div aria-hidden className="flex flex-col justify-between text-end tabular-nums">
        <span>{topText}</span>
        <span>0</span>
      </div>
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-40 w-full sm:h-60 border-b border-line"
      >
        {days.map(({ day, title, parts }, index) => (
          <g key={day}>
            <title>{title}</title>
            <rect x={index * STEP} width={STEP} height={HEIGHT} fill="transparent" />
            {stack(parts, top).map(({ y, height, colour }) => (
              <rect
                key={colour}
                x={index * STEP + (STEP - BAR) / 2}
                width={BAR}
                y={y}
                height={height}
                fill={`var(--${colour})`}
              />
            ))}
          </g>
        ))}
      </svg>
      <figcaption className="col-start-2 mt-1 flex justify-between">
        <span>{toDayName(days[0]?.day, t.locale)}</span>
        {legend && <span className="flex gap-3">{legend}</span>}
        <span>{t('today')}</span>
      </figcaption>
    </figure>
  )
}

function stack(parts: DayBar['parts'], top: number) {
  let y = HEIGHT
  return parts.map(({ size, colour }) => {
    const height = (size / top) * HEIGHT
    y -= height
    return { y, height, colour }
  })
}

/** "29 Nov" for a day such as 2026-11-29. */
export const toDayName = (day = '1970-01-01', locale = 'en-GB') =>
  new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(
    new Date(`${day}T00:00:00Z`),
  )
