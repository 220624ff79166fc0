import { useContext } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { listChildren, WidgetContext } from '#lib/chatkit-element/views/widgets/widget-context.ts'

/**
 * The children of a node. Each is identified by its key or id, so that text being typed survives an
 * update around it.
 */
export function Children({ node }: { node: WidgetNode }) {
  const { draw } = useContext(WidgetContext)
  return <>{listChildren(node).map((child, at) => draw(child, child.key ?? child.id ?? at))}</>
}
