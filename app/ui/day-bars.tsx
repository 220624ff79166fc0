import type { ReactNode } from 'react'
import { readTranslate } from '#app/language/page-language.ts'

const HEIGHT = 100
const STEP = 10
const BAR = 7

/** A day, or another span, of a chart: what is said of it, its parts from the bottom up, and what it links to. */
export type DayBar = { day: string; title: string; parts: { size: number; colour: string }[]; href?: string }

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
  ends,
}: {
  label: string
  days: DayBar[]
  top: number
  topText: string
  legend?: ReactNode
  /** What stands below the first and the last bar, if they are no days until today. */
  ends?: [ReactNode, ReactNode]
}) {
  const t = await readTranslate()
  return (
    <figure className="grid grid-cols-[auto_1fr] gap-x-2 text-xs text-ink-faint">
      <div aria-hidden className="flex flex-col justify-between text-end tabular-nums">
        <span>{topText}</span>
        <span>0</span>
      </div>
      <svg
        // An image hides what is in it, links too.
        role={days.some(({ href }) => href) ? 'group' : 'img'}
        aria-label={label}
        viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-40 w-full sm:h-60 border-b border-line"
      >
        {days.map(({ day, title, parts, href }, index) => (
          <Bar key={day} href={href} title={title}>
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
          </Bar>
        ))}
      </svg>
      <figcaption className="col-start-2 mt-1 flex justify-between">
        <span>{ends ? ends[0] : toDayName(days[0]?.day, t.locale)}</span>
        {legend && <span className="flex gap-3">{legend}</span>}
        <span>{ends ? ends[1] : t('today')}</span>
      </figcaption>
    </figure>
  )
}

/** What a keyboard reaches is the table beside the chart. */
function Bar({ href, title, children }: { href: string | undefined; title: string; children: ReactNode }) {
  return href ? (
    <a href={href} tabIndex={-1} aria-label={title} className="hover:opacity-70">
      {children}
    </a>
  ) : (
    <g>{children}</g>
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
