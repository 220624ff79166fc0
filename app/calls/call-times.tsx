import { readTranslate } from '#app/language/page-language.ts'
import { toDurationText } from '#app/ui/time-text.ts'
import type { ToolCallDetail } from '#lib/data/runs/tool-calls.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'

/** In percent of the bar: the narrowest part, and the gap between two parts. */
const SLIVER = 0.5
const GAP = 0.15

type Part = { name: Sentence; ms: number; colour: string; fill: string }

/**
 * Where the time of a call went, as far as it was recorded: a bar, and the same in words. Renders
 * nothing for a call that has not ended.
 */
export async function CallTimes({
  call,
}: {
  call: Pick<ToolCallDetail, 'connectedMs' | 'firstSignMs' | 'durationMs'>
}) {
  const t = await readTranslate()
  const parts = partsOf(call)
  const whole = parts.reduce((sum, { ms }) => sum + ms, 0)
  if (whole === 0) return null
  return (
    <figure className="mt-5 border-t border-line pt-4">
      <figcaption className="text-sm text-ink-faint">{t('Where the time went')}</figcaption>
      <Bar parts={parts} />
      <ul className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-sm">
        {parts.map(({ name, ms, colour }) => (
          <li key={name} className="inline-flex items-center gap-1.5">
            <span aria-hidden className={`size-2 rounded-xs ${colour}`} />
            {t(name)} <span className="tabular-nums text-ink-faint">{toDurationText(ms, t.locale)}</span>
          </li>
        ))}
      </ul>
    </figure>
  )
}

/**
 * Drawn with attributes, because the page's policy refuses inline styles that the server writes. A
 * very short part is drawn as a sliver; a part of 0 ms is not drawn.
 */
function Bar({ parts }: { parts: Part[] }) {
  const whole = parts.reduce((sum, { ms }) => sum + ms, 0)
  const widths = parts.map(({ ms }) => (ms > 0 ? Math.max(SLIVER, (100 * ms) / whole) : 0))
  const total = widths.reduce((sum, width) => sum + width, 0)
  return (
    <svg
      aria-hidden="true"
      className="mt-2 block h-2.5 w-full overflow-hidden rounded-full bg-sunken"
      viewBox={`0 0 ${total} 1`}
      preserveAspectRatio="none"
    >
      {parts.map(({ name, fill }, at) => (
        <rect
          key={name}
          className={fill}
          x={widths.slice(0, at).reduce((sum, width) => sum + width, 0)}
          width={Math.max(0, (widths[at] ?? 0) - GAP)}
          height={1}
        />
      ))}
    </svg>
  )
}

function partsOf({ connectedMs, firstSignMs, durationMs }: Parameters<typeof CallTimes>[0]['call']): Part[] {
  if (durationMs === null || connectedMs === null) return []
  const connected = Math.min(connectedMs, durationMs)
  const signed = Math.min(Math.max(firstSignMs ?? connected, connected), durationMs)
  const parts: Part[] = [{ name: 'Connecting', ms: connected, colour: 'bg-warn', fill: 'fill-warn' }]
  if (firstSignMs !== null)
    parts.push({
      name: 'Waiting for the first progress',
      ms: signed - connected,
      colour: 'bg-ink-faint',
      fill: 'fill-ink-faint',
    })
  parts.push({
    name: firstSignMs === null ? 'Waiting for the answer' : 'Working, with progress',
    ms: durationMs - signed,
    colour: 'bg-accent',
    fill: 'fill-accent',
  })
  return parts
}
