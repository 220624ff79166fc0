import type { ThreadItem, WorkflowItem } from '#lib/chatkit/protocol/items.ts'

/** How the item is named for clients that do not word it themselves. */
const TITLE = 'Earlier messages, summarised'

/** True for an item that shows a summary of earlier messages. */
export function isSummaryItem(item: ThreadItem): boolean {
  return item.type === 'workflow' && item.workflow.subject === 'earlier_messages'
}

/** The item that shows a summary in the thread: closed, to be opened. */
export function toSummaryItem(
  place: { id: string; threadId: string },
  { text, calls }: { text: string; calls: string },
): WorkflowItem {
  return {
    ...{ id: place.id, thread_id: place.threadId, created_at: new Date().toISOString(), type: 'workflow' },
    workflow: {
      type: 'custom',
      subject: 'earlier_messages',
      tasks: [
        { type: 'thought', status_indicator: 'none', content: text },
        ...(calls
          ? [
              {
                type: 'custom' as const,
                status_indicator: 'none' as const,
                icon: 'bolt',
                title: 'Tool calls',
                content: calls,
              },
            ]
          : []),
      ],
      summary: { title: TITLE, icon: 'book-clock' },
      expanded: false,
    },
  }
}
