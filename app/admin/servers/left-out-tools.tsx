import { Card } from '#app/ui/card.tsx'
import { hashDefinition, type ToolPin } from '#lib/data/servers/tool-pins.ts'
import type { ToolRefusal } from '#lib/data/servers/tool-refusals.ts'
import { toModelTool } from '#lib/mcp-client/tools/model-tool.ts'
import type { McpTool } from '#lib/mcp-client/tools/tool-lists.ts'

/**
 * The tools of a server that are not offered to models, and why: their schema cannot be converted
 * into one that models accept, or the model’s server refused it.
 */
export function LeftOutTools({ pins, refusals }: { pins: ToolPin[]; refusals: ToolRefusal[] }) {
  const left = [
    ...pins.flatMap(({ tool, offered }) => {
      const { problem } = toModelTool(offered as McpTool)
      return problem === undefined ? [] : [{ tool, why: problem }]
    }),
    ...refusals
      .filter(({ tool, toolHash }) => isAsRefused(tool, toolHash, pins))
      .map(({ tool, model, reason }) => ({ tool, why: `The server of ${model} refused it: ${reason}` })),
  ]
  if (left.length === 0) return null
  return (
    <Card title="Left out" hint="No model is offered these tools, so that the others go on working.">
      <ul className="grid gap-3">
        {left.map(({ tool, why }) => (
          <li key={`${tool} ${why}`}>
            <code className="font-mono font-medium break-all">{tool}</code>
            <p className="text-sm text-ink-soft wrap-anywhere">{why}</p>
          </li>
        ))}
      </ul>
    </Card>
  )
}

/**
 * A definition that has changed since the refusal is offered again. For servers whose tools are not
 * pinned, the current definition is not known.
 */
function isAsRefused(tool: string, toolHash: string, pins: ToolPin[]): boolean {
  const pin = pins.find((other) => other.tool === tool)
  return pin === undefined || hashDefinition(pin.offered) === toolHash
}
