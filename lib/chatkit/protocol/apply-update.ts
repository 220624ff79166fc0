import type { ThreadItemUpdate } from '#lib/chatkit/protocol/events.ts'
import type { AssistantContent, ThreadItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'

/**
 * The highest accepted index of a content part. A larger index is a fault, not a request to pad.
 */
const MAX_PARTS = 1_000
const EMPTY_PART: AssistantContent = { type: 'output_text', text: '', annotations: [] }

/**
 * Returns the item with one update applied (protocol section 1.5), or the same item if the update
 * does not fit it. Server and element both use it, so the stored part of an answer that was cut off
 * is what the person saw. Pure: `item` is not changed, and branches that the update does not touch
 * keep their identity.
 */
export function applyUpdate(item: ThreadItem, update: ThreadItemUpdate): ThreadItem {
  switch (update.type) {
    case 'assistant_message.content_part.added':
    case 'assistant_message.content_part.done':
      return changePart(item, update.content_index, () => toWholePart(update.content))
    case 'assistant_message.content_part.text_delta':
      return changePart(item, update.content_index, (part) => ({ ...part, text: part.text + update.delta }))
    case 'assistant_message.content_part.annotation_added':
      return changePart(item, update.content_index, (part) => ({
        ...part,
        annotations: part.annotations.toSpliced(update.annotation_index, 0, update.annotation),
      }))
    case 'workflow.task.added':
      return item.type === 'workflow' && isIndex(update.task_index, item.workflow.tasks.length + 1)
        ? placeTask(item, update.task_index, update.task)
        : item
    case 'workflow.task.updated':
      return item.type === 'workflow' && isIndex(update.task_index, item.workflow.tasks.length)
        ? placeTask(item, update.task_index, update.task)
        : item
    case 'widget.root.updated':
      return item.type === 'widget' ? { ...item, widget: update.widget } : item
    case 'widget.component.updated':
      return changeComponent(item, update.component_id, () => update.component)
    case 'widget.streaming_text.value_delta':
      return changeComponent(item, update.component_id, (node) => ({
        ...node,
        value: `${typeof node.value === 'string' ? node.value : ''}${update.delta}`,
        streaming: !update.done,
      }))
    case 'generated_image.updated':
      return item.type === 'generated_image' ? { ...item, image: update.image } : item
    default:
      return item
  }
}

/** A text part with every field of the protocol. Other servers leave out empty lists. */
export function toWholePart(part: AssistantContent): AssistantContent {
  if (isWholePart(part)) return part
  const annotations = Array.isArray(part?.annotations) ? part.annotations : []
  return { type: 'output_text', text: String(part?.text ?? ''), annotations }
}

export function isWholePart(part: AssistantContent): boolean {
  return typeof part?.text === 'string' && Array.isArray(part.annotations)
}

function isIndex(index: number, length: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < length
}

function changePart(item: ThreadItem, index: number, change: (part: AssistantContent) => AssistantContent): ThreadItem {
  if (item.type !== 'assistant_message' || !isIndex(index, MAX_PARTS + 1)) return item
  const content = [...item.content]
  while (content.length <= index) content.push(EMPTY_PART)
  content[index] = change(content[index] ?? EMPTY_PART)
  return { ...item, content }
}

function placeTask<Item extends ThreadItem & { type: 'workflow' }>(
  item: Item,
  index: number,
  task: Item['workflow']['tasks'][number],
): Item {
  const tasks = [...item.workflow.tasks]
  tasks[index] = task
  return { ...item, workflow: { ...item.workflow, tasks } }
}

function changeComponent(item: ThreadItem, id: string, change: (node: WidgetNode) => WidgetNode): ThreadItem {
  if (item.type !== 'widget') return item
  const widget = changeNode(item.widget, id, change)
  return widget === item.widget ? item : { ...item, widget }
}

function changeNode(node: WidgetNode, id: string, change: (node: WidgetNode) => WidgetNode): WidgetNode {
  if (node.id === id) return change(node)
  const { children } = node
  if (Array.isArray(children)) {
    const next = children.map((child) => changeNode(child, id, change))
    return next.some((child, at) => child !== children[at]) ? { ...node, children: next } : node
  }
  if (!children || typeof children !== 'object') return node
  const next = changeNode(children as WidgetNode, id, change)
  return next === children ? node : { ...node, children: next }
}
