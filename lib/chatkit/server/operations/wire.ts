import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import type { Attachment, ThreadItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import {
  CONTEXT_USAGE,
  type ContextUsage,
  type Fork,
  ORIGIN,
  type Thread,
  type ThreadOrigin,
  type WaitingMessage,
  type WireThread,
} from '#lib/chatkit/protocol/thread.ts'
import type { Page } from '#lib/platform/page.ts'

// What leaves the server, in the form of protocol section 1.2.

/** A thread as clients get it, without the server's metadata. */
export function toWireThread(
  thread: Thread,
  items: Page<ThreadItem> = { data: [], has_more: false },
  forks: Fork[] = [],
  waiting: WaitingMessage[] = [],
): WireThread {
  const { id, title, created_at, status, allowed_image_domains, metadata } = thread
  const usage = metadata[CONTEXT_USAGE] as ContextUsage | undefined
  const origin = metadata[ORIGIN] as ThreadOrigin | undefined
  return {
    ...(title != null && { title }),
    id,
    created_at,
    status,
    ...(allowed_image_domains != null && { allowed_image_domains }),
    metadata: {},
    ...(usage && { context_usage: usage }),
    ...(origin && { origin }),
    ...(forks.length > 0 && { forks }),
    ...(waiting.length > 0 && { waiting }),
    items,
  }
}

/** An attachment as clients get it, without the server's metadata. */
export function toWireAttachment({ metadata: _, ...attachment }: Attachment): Attachment {
  return attachment as Attachment
}

/** An item as it is stored and sent. */
export function toWireItem<Item extends ThreadItem>(item: Item): Item {
  if (item.type === 'widget') return { ...item, widget: withoutNulls(item.widget) }
  if (item.type === 'user_message') return { ...item, attachments: item.attachments.map(toWireAttachment) }
  if (item.type === 'client_tool_call' && item.output === null) {
    const { output: _, ...rest } = item
    return rest as Item
  }
  return item
}

/** An event as it is sent. */
export function toWireEvent(event: ThreadStreamEvent): ThreadStreamEvent {
  switch (event.type) {
    case 'thread.item.added':
    case 'thread.item.done':
    case 'thread.item.replaced':
      return { ...event, item: toWireItem(event.item) }
    case 'thread.item.updated': {
      const { update } = event
      if (update.type === 'widget.root.updated')
        return { ...event, update: { ...update, widget: withoutNulls(update.widget) } }
      if (update.type === 'widget.component.updated')
        return { ...event, update: { ...update, component: withoutNulls(update.component) } }
      return event
    }
    default:
      return event
  }
}

/** A widget without null properties and list entries, at any depth. */
export function withoutNulls(widget: WidgetNode): WidgetNode {
  return prune(widget) as WidgetNode
}

function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((entry) => entry != null).map(prune)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry != null)
      .map(([key, entry]) => [key, prune(entry)]),
  )
}
