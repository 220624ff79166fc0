/** @jsxImportSource preact */
import { useState } from 'preact/hooks'
import type { WidgetItem } from '#lib/chatkit/protocol/items.ts'
import type { WidgetAction } from '#lib/chatkit-element/chat.ts'
import { formValues, withFormValues } from '#lib/chatkit-element/views/form-values.ts'
import { useUi } from '#lib/chatkit-element/views/ui.ts'
import { WidgetContext } from '#lib/chatkit-element/views/widget-context.ts'
import { WidgetNodeView } from '#lib/chatkit-element/views/widget-node.tsx'

type Props = { item: WidgetItem; busy: boolean; imageDomains: readonly string[] }

/** A widget of the thread. Its actions go to the page or to the server; while one is under way the widget waits. */
export function WidgetView({ item, busy, imageDomains }: Props) {
  const { chat } = useUi()
  const [acting, setActing] = useState(false)
  const act = (action: WidgetAction, from: Element) => {
    const form = from.closest('form')
    if (form && !form.reportValidity()) return
    if (acting || (busy && action.streaming !== false && action.handler !== 'client')) return
    setActing(true)
    const merged = form ? withFormValues(action, formValues(form)) : action
    chat
      .act(merged, item)
      .catch((error: unknown) => chat.report(error))
      .finally(() => setActing(false))
  }
  return (
    <WidgetContext.Provider value={{ act, waiting: acting, imageDomains }}>
      <div class="widget" aria-busy={acting}>
        <WidgetNodeView node={item.widget} />
      </div>
    </WidgetContext.Provider>
  )
}
