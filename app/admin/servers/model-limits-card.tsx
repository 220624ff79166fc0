import { Card } from '#app/ui/card.tsx'
import type { ModelFinding } from '#lib/data/servers/model-limits.ts'

/** What the servers of models were found to refuse of tools in general. Nothing if there is none. */
export function ModelLimitsCard({ limits }: { limits: ModelFinding[] }) {
  if (limits.length === 0) return null
  return (
    <Card title="What the model does not take" hint="Learned from its server’s refusals, and tried again after a day.">
      <ul className="grid gap-3">
        {limits.map(({ model, maxTools, plainSchemas, reason }) => (
          <li key={model}>
            <code className="font-mono font-medium break-all">{model}</code>
            {maxTools !== null && <p>It takes {maxTools} tools at once. Set MODEL_MAX_TOOLS to that to keep it so.</p>}
            {plainSchemas && (
              <p>It is offered schemas without patterns, formats and bounds, because it refuses those.</p>
            )}
            <p className="text-sm text-ink-soft wrap-anywhere">{reason}</p>
          </li>
        ))}
      </ul>
    </Card>
  )
}
