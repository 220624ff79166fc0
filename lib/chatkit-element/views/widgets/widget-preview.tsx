import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { WidgetContext } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { WidgetNodeView } from '#lib/chatkit-element/views/widgets/widget-node.tsx'

const NO_DOMAINS: readonly string[] = []

/** A read-only widget: its actions do nothing. */
export function WidgetPreview({ widget }: { widget: WidgetNode }) {
  const scope = {
    act: async () => undefined,
    waiting: false,
    setWaiting: () => undefined,
    busy: true,
    imageDomains: NO_DOMAINS,
    fieldId: (name: string) => `preview-${name}`,
    isLabelled: () => false,
    draw: (node: WidgetNode, key: string | number) => <WidgetNodeView key={key} node={node} />,
  }
  return (
    <WidgetContext.Provider value={scope}>
      <div class="widget">
        <WidgetNodeView node={widget} />
      </div>
    </WidgetContext.Provider>
  )
}
