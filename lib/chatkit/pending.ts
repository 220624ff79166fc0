import type { AssistantMessageUpdate, ThreadStreamEvent, WorkflowUpdate } from '#lib/chatkit/protocol/events.ts'
import {
  type AssistantContent,
  type AssistantMessageItem,
  isHidden,
  type ThreadItem,
  type WorkflowItem,
} from '#lib/chatkit/protocol/items.ts'

const MAX_PARTS = 1_000

/**
 * The items of a turn that were added but are not done yet, with their updates applied to copies: what is kept when the turn
 * ends early (protocol section 1.9).
 */
export class PendingItems {
  readonly #items = new Map<string, ThreadItem>()
  /** Those that have their place in the store already. */
  readonly #placed = new Set<string>()

  /** Follows one event of the turn. */
  note(event: ThreadStreamEvent): void {
    if (event.type === 'thread.item.added') this.#items.set(event.item.id, structuredClone(event.item))
    else if (event.type === 'thread.item.done' || event.type === 'thread.item.replaced') this.#items.delete(event.item.id)
    else if (event.type === 'thread.item.removed') this.#items.delete(event.item_id)
    else if (event.type === 'thread.item.updated') {
      const item = this.#items.get(event.item_id)
      if (item?.type === 'assistant_message') updateMessage(item, event.update as AssistantMessageUpdate)
      if (item?.type === 'workflow') updateWorkflow(item, event.update as WorkflowUpdate)
    }
  }

  /**
   * The visible items that began before the visible one that `event` finishes and are still open, each once: they are to be stored first,
   * since a thread is read in the order in which its client saw it grow.
   */
  toPlace(event: ThreadStreamEvent): ThreadItem[] {
    if ((event.type !== 'thread.item.done' && event.type !== 'thread.item.replaced') || isHidden(event.item)) return []
    const open = [...this.#items.values()]
    const at = open.findIndex(({ id }) => id === event.item.id)
    const older = open.slice(0, at < 0 ? open.length : at).filter((item) => !isHidden(item) && !this.#placed.has(item.id))
    for (const { id } of older) this.#placed.add(id)
    return older
  }

  has(itemId: string): boolean {
    return this.#items.has(itemId)
  }

  /**
   * Takes everything that is still open: `kept` is worth storing (text that somebody has read, work that was shown), `dropped`
   * are the ids of the rest, and `stored` those of them that have to leave the store.
   */
  close(): { kept: ThreadItem[]; dropped: string[]; stored: string[] } {
    const all = [...this.#items.values()]
    this.#items.clear()
    const kept = all.filter(isWorthKeeping)
    const dropped = all.filter((item) => !kept.includes(item)).map(({ id }) => id)
    return { kept: kept.map(closed), dropped, stored: dropped.filter((id) => this.#placed.has(id)) }
  }
}

function isWorthKeeping(item: ThreadItem): boolean {
  if (item.type === 'assistant_message') return item.content.some(({ text }) => text.trim() !== '')
  return item.type === 'workflow' && item.workflow.tasks.length > 0
}

function closed(item: ThreadItem): ThreadItem {
  if (item.type !== 'workflow') return item
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(item.created_at)) / 1000))
  const { workflow } = item
  const tasks = workflow.tasks.map((task) => (task.status_indicator === 'loading' ? { ...task, status_indicator: 'none' as const } : task))
  return { ...item, workflow: { ...workflow, tasks, summary: workflow.summary ?? { duration: seconds }, expanded: false } }
}

function updateMessage(item: AssistantMessageItem, update: AssistantMessageUpdate): void {
  if (!('content_index' in update)) return
  const part = partAt(item, update.content_index)
  if (!part) return
  switch (update.type) {
    case 'assistant_message.content_part.added':
    case 'assistant_message.content_part.done':
      item.content[update.content_index] = structuredClone(update.content)
      break
    case 'assistant_message.content_part.text_delta':
      part.text += update.delta
      break
    case 'assistant_message.content_part.annotation_added':
      part.annotations.splice(update.annotation_index, 0, update.annotation)
  }
}

/** The part at `index`; missing ones before it are made empty. */
function partAt(item: AssistantMessageItem, index: number): AssistantContent | undefined {
  if (!Number.isInteger(index) || index < 0 || index > MAX_PARTS) return undefined
  while (item.content.length <= index) item.content.push({ type: 'output_text', text: '', annotations: [] })
  return item.content[index]
}

function updateWorkflow({ workflow }: WorkflowItem, update: WorkflowUpdate): void {
  if (update.type === 'workflow.task.added') workflow.tasks.push(structuredClone(update.task))
  else if (update.type === 'workflow.task.updated' && update.task_index in workflow.tasks)
    workflow.tasks[update.task_index] = structuredClone(update.task)
}
