import type { ToolCallDetail } from '#lib/data/tool-calls.ts'
import { durationText } from './time-text.ts'

type Part = { name: string; ms: number; colour: string }

/** Where the time of a call went, as far as it was recorded: one bar, and the same in words. Nothing for a call that has not ended. */
export function CallTimes({ call }: { call: Pick<ToolCallDetail, 'connectedMs' | 'firstSignMs' | 'durationMs'> }) {
  const parts = partsOf(call)
  const whole = parts.reduce((sum, { ms }) => sum + ms, 0)
  if (whole === 0) return null
  return (
    <figure className="mt-5 border-t border-line pt-4">
      <figcaption className="text-sm text-ink-faint">Where the time went</figcaption>
      <div aria-hidden className="mt-2 flex h-2.5 gap-px overflow-hidden rounded-full bg-sunken">
        {parts.map(({ name, ms, colour }) => (
          <span key={name} className={colour} style={{ flexGrow: ms, minWidth: ms > 0 ? 2 : 0 }} />
        ))}
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-sm">
        {parts.map(({ name, ms, colour }) => (
          <li key={name} className="inline-flex items-center gap-1.5">
            <span aria-hidden className={`size-2 rounded-xs ${colour}`} />
            {name} <span className="tabular-nums text-ink-faint">{durationText(ms)}</span>
          </li>
        ))}
      </ul>
    </figure>
  )
}

function partsOf({ connectedMs, firstSignMs, durationMs }: Parameters<typeof CallTimes>[0]['call']): Part[] {
  if (durationMs === null || connectedMs === null) return []
  const connected = Math.min(connectedMs, durationMs)
  const signed = Math.min(Math.max(firstSignMs ?? connected, connected), durationMs)
  const parts: Part[] = [{ name: 'Connecting', ms: connected, colour: 'bg-warn' }]
  if (firstSignMs !== null) parts.push({ name: 'Silent until its first sign of life', ms: signed - connected, colour: 'bg-ink-faint' })
  parts.push({
    name: firstSignMs === null ? 'Waiting for the answer' : 'Working, with progress',
    ms: durationMs - signed,
    colour: 'bg-accent',
  })
  return parts
}
