import { isWholePart, toWholePart } from '#lib/chatkit/protocol/apply-update.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

const HIDDEN = new Set(['hidden_context_item', 'sdk_hidden_context'])

/**
 * The item with every list that the protocol requires, or null if it is not to be shown. Other
 * servers leave out empty lists, although protocol section 1.2 forbids it; the code behind this
 * function relies on them. A complete item is returned unchanged.
 */
export function toWholeItem(item: ThreadItem): ThreadItem | null {
  if (typeof item?.id !== 'string' || HIDDEN.has(item.type)) return null
  switch (item.type) {
    case 'user_message':
      if (Array.isArray(item.content) && Array.isArray(item.attachments)) return item
      return { ...item, content: list(item.content), attachments: list(item.attachments) }
    case 'assistant_message':
      if (Array.isArray(item.content) && item.content.every(isWholePart)) return item
      return { ...item, content: list(item.content).map(toWholePart) }
    case 'workflow':
      if (Array.isArray(item.workflow?.tasks)) return item
      return { ...item, workflow: { type: item.workflow?.type ?? 'custom', expanded: false, tasks: [] } }
    case 'structured_input':
      return Array.isArray(item.inputs) ? item : { ...item, inputs: [] }
    case 'widget':
      return item.widget && typeof item.widget === 'object' ? item : { ...item, widget: { type: 'Card', children: [] } }
    default:
      return item
  }
}

function list<T>(value: readonly T[] | undefined): T[] {
  return Array.isArray(value) ? value : []
}
