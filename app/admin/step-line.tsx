import { CircleCheck, CircleX, TriangleAlert } from 'lucide-react'

const ICONS = { ok: CircleCheck, warning: TriangleAlert, failed: CircleX, skipped: TriangleAlert }
const LOOKS = { ok: 'text-ok', warning: 'text-warn', failed: 'text-bad', skipped: 'text-ink-faint' }

/** One step of a test: how it went, how long it took, and how to fix what is wrong. */
export function StepLine({
  name,
  outcome,
  ms,
  said,
  fix,
}: {
  name: string
  outcome: keyof typeof ICONS
  ms: number
  said: string
  fix?: string | undefined
}) {
  const Icon = ICONS[outcome]
  return (
    <li className="flex items-start gap-3">
      <Icon aria-label={outcome} className={`mt-0.5 size-5 shrink-0 ${LOOKS[outcome]}`} />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap justify-between gap-x-4">
          <span className="font-medium">{name}</span>
          <span className="text-sm tabular-nums text-ink-faint">{ms} ms</span>
        </p>
        <p className="text-sm break-words text-ink-soft">{said}</p>
        {fix && <p className="mt-1 text-sm break-words">{fix}</p>}
      </div>
    </li>
  )
}
