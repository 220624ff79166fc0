import type { ThreadItemUpdate } from '#lib/chatkit/protocol/events.ts'
import type { AssistantContent, ThreadItem, WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { wholePart } from '#lib/chatkit-element/state/whole-item.ts'

/** The item with one update applied, or the same item when the update does not fit it. */
export function applyUpdate(item: ThreadItem, update: ThreadItemUpdate): ThreadItem {
  switch (update.type) {
    case 'assistant_message.content_part.added':
    case 'assistant_message.content_part.done':
      return withPart(item, update.content_index, () => wholePart(update.content))
    case 'assistant_message.content_part.text_delta':
      return withPart(item, update.content_index, (part) => ({ ...part, text: part.text + update.delta }))
    case 'assistant_message.content_part.annotation_added':
      return withPart(item, update.content_index, (part) => ({
        ...part,
        annotations: part.annotations.toSpliced(update.annotation_index, 0, update.annotation),
      }))
    case 'workflow.task.added':
    case 'workflow.task.updated':
      if (item.type !== 'workflow' || update.task_index > item.workflow.tasks.length) return item
      return { ...item, workflow: { ...item.workflow, tasks: placed(item.workflow.tasks, update.task_index, update.task) } }
    case 'widget.root.updated':
      return item.type === 'widget' ? { ...item, widget: update.widget } : item
    case 'widget.component.updated':
      return withComponent(item, update.component_id, () => update.component)
    case 'widget.streaming_text.value_delta':
      return withComponent(item, update.component_id, (node) => ({
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

const EMPTY_PART: AssistantContent = { type: 'output_text', text: '', annotations: [] }

function withPart(item: ThreadItem, index: number, change: (part: AssistantContent) => AssistantContent): ThreadItem {
  if (item.type !== 'assistant_message') return item
  const content = [...item.content]
  while (content.length <= index) content.push(EMPTY_PART)
  return { ...item, content: placed(content, index, change(content[index] ?? EMPTY_PART)) }
}

function placed<T>(list: readonly T[], index: number, value: T): T[] {
  const copy = [...list]
  copy[index] = value
  return copy
}

function withComponent(item: ThreadItem, id: string, change: (node: WidgetNode) => WidgetNode): ThreadItem {
  if (item.type !== 'widget') return item
  const widget = changed(item.widget, id, change)
  return widget === item.widget ? item : { ...item, widget }
}

/** Keeps the identity of every branch that does not hold the component. */
function changed(node: WidgetNode, id: string, change: (node: WidgetNode) => WidgetNode): WidgetNode {
  if (node.id === id) return change(node)
  const { children } = node
  if (Array.isArray(children)) {
    const next = children.map((child) => changed(child, id, change))
    return next.some((child, at) => child !== children[at]) ? { ...node, children: next } : node
  }
  if (!children || typeof children !== 'object') return node
  const next = changed(children as WidgetNode, id, change)
  return next === children ? node : { ...node, children: next }
}
