import type { ContextUsage } from '#lib/chatkit/protocol/thread.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

const RADIUS = 7
const AROUND = 2 * Math.PI * RADIUS

/** How much of what the model can read the conversation fills. The numbers are in its tooltip. */
export function ContextGauge({ usage: { used, limit } }: { usage: ContextUsage }) {
  const { strings, locale } = useUi()
  const share = Math.min(1, used / limit)
  const number = new Intl.NumberFormat(locale)
  const percent = new Intl.NumberFormat(locale, { style: 'percent' }).format(share)
  const said = strings.contextUse(percent, `${number.format(used)} / ${number.format(limit)}`)
  return (
    <span class={`context-gauge ${share >= 0.9 ? 'is-nearly-full' : ''}`} title={said}>
      <meter class="sr-only" min={0} max={1} value={share} aria-label={said} />
      <svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
        <circle cx="9" cy="9" r={RADIUS} />
        <circle cx="9" cy="9" r={RADIUS} stroke-dasharray={`${share * AROUND} ${AROUND}`} transform="rotate(-90 9 9)" />
      </svg>
      <span aria-hidden="true">{percent}</span>
    </span>
  )
}
