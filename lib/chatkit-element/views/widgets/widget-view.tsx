import { useId, useMemo, useState } from 'preact/hooks'
import type { WidgetItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import type { WidgetAction } from '#lib/chatkit-element/session/item-actions.ts'
import { holdFocus } from '#lib/chatkit-element/views/hold-focus.ts'
import { readFormValues, withFormValues } from '#lib/chatkit-element/views/items/form-values.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import { listChildren, toText, WidgetContext } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { WidgetNodeView } from '#lib/chatkit-element/views/widgets/widget-node.tsx'

type Props = { item: WidgetItem; busy: boolean; imageDomains: readonly string[] }

/**
 * A widget of the thread. Its actions go to the page or to the server; an action of the whole
 * widget blocks it meanwhile.
 */
export function WidgetView({ item, busy, imageDomains }: Props) {
  const { chat } = useUi()
  const id = useId()
  const [waiting, setWaiting] = useState(false)
  const labelled = useMemo(() => new Set(labelledFields(item.widget)), [item.widget])
  const act = async (action: WidgetAction, from: Element) => {
    const form = from.closest('form')
    const { action: merged, dropped } = form ? withFormValues(action, readFormValues(form)) : { action, dropped: [] }
    if (dropped.length)
      chat.emit('chatkit.error', {
        error: new Error(`The action "${action.type}" sets these already, so the form cannot: ${dropped.join(', ')}.`),
      })
    const acting = chat.actions.act(merged, item).catch((error: unknown) => chat.report(error))
    await holdFocus(from, chat, acting)
  }
  const scope = {
    act,
    waiting,
    setWaiting,
    busy,
    imageDomains,
    fieldId: (name: string) => `${id}-${name}`,
    isLabelled: (name: string) => labelled.has(name),
    draw: (node: WidgetNode, key: string | number) => <WidgetNodeView key={key} node={node} />,
  }
  return (
    <WidgetContext.Provider value={scope}>
      <div class="widget" aria-busy={waiting}>
        <WidgetNodeView node={item.widget} />
      </div>
    </WidgetContext.Provider>
  )
}

function labelledFields(node: WidgetNode): string[] {
  const own = node.type === 'Label' ? [toText(node.fieldName) ?? ''] : []
  return [...own, ...listChildren(node).flatMap(labelledFields)]
}
