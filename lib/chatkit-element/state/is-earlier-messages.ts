import type { ThreadItem, WorkflowItem } from '#lib/chatkit/protocol/items.ts'

/** True for the item that tells of summarised earlier messages. It is no part of an answer. */
export function isEarlierMessages(item: ThreadItem): item is WorkflowItem {
  return item.type === 'workflow' && item.workflow.subject === 'earlier_messages'
}
