import { isWholePart, toWholePart } from '#lib/chatkit/protocol/apply-update.ts'
import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

const HIDDEN = new Set(['hidden_context_item', 'sdk_hidden_context'])

/**
 * An item as the protocol has it, or null for what is not shown. Other servers leave out empty lists (protocol section 1.2 says
 * that they must not), and everything behind this door may rely on them. A whole item is handed back as it is.
 */
export function wholeItem(item: ThreadItem): ThreadItem | null {
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
