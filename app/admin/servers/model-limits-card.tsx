import { Card } from '#app/ui/card.tsx'
import type { ModelFinding } from '#lib/data/servers/model-limits.ts'

/** The limits that models’ servers were found to have for tools. Renders nothing if there are none. */
export function ModelLimitsCard({ limits }: { limits: ModelFinding[] }) {
  if (limits.length === 0) return null
  return (
    <Card title="Limits of the model" hint="Learned from its server’s refusals, and tried again after a day.">
      <ul className="grid gap-3">
        {limits.map(({ model, maxTools, plainSchemas, reason }) => (
          <li key={model}>
            <code className="font-mono font-medium break-all">{model}</code>
            {maxTools !== null && (
              <p>
                It accepts at most {maxTools} tools. Set MODEL_MAX_TOOLS={maxTools} to make this permanent.
              </p>
            )}
            {plainSchemas && <p>It refuses schemas with patterns, formats and bounds, so it gets them without.</p>}
            <p className="text-sm text-ink-soft wrap-anywhere">{reason}</p>
          </li>
        ))}
      </ul>
    </Card>
  )
}
