import { applyUpdate } from '#lib/chatkit/protocol/apply-update.ts'
import type { ThreadItemUpdate, ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { isHidden, type ThreadItem } from '#lib/chatkit/protocol/items.ts'

/**
 * The items of a turn that were added but are not done, with updates applied to copies. They decide
 * what is kept if the turn ends early (protocol section 1.9).
 */
export class PendingItems {
  readonly #items = new Map<string, ThreadItem>()
  /** The ids of items that already have their place in the store. */
  readonly #placed = new Set<string>()

  /** Applies one event of the turn. */
  note(event: ThreadStreamEvent): void {
    if (event.type === 'thread.item.added') this.#items.set(event.item.id, structuredClone(event.item))
    else if (event.type === 'thread.item.done' || event.type === 'thread.item.replaced')
      this.#items.delete(event.item.id)
    else if (event.type === 'thread.item.removed') this.#items.delete(event.item_id)
    else if (event.type === 'thread.item.updated') {
      const item = this.#items.get(event.item_id)
      if (item) this.#items.set(event.item_id, applyUpdate(item, isolate(event.update)))
    }
  }

  /**
   * Returns the open visible items that began before the visible item that `event` finishes, each
   * only once. They must be stored first, so that the thread's order is the order in which the
   * client saw it grow.
   */
  toPlace(event: ThreadStreamEvent): ThreadItem[] {
    if ((event.type !== 'thread.item.done' && event.type !== 'thread.item.replaced') || isHidden(event.item)) return []
    const open = [...this.#items.values()]
    const at = open.findIndex(({ id }) => id === event.item.id)
    const older = open
      .slice(0, at < 0 ? open.length : at)
      .filter((item) => !isHidden(item) && !this.#placed.has(item.id))
    for (const { id } of older) this.#placed.add(id)
    return older
  }

  has(itemId: string): boolean {
    return this.#items.has(itemId)
  }

  /**
   * Removes and returns all open items. `kept` are worth storing (text or tasks that were shown),
   * `dropped` are the ids of the others, and `placed` those of all that have a place in the store.
   */
  close(): { kept: ThreadItem[]; dropped: string[]; placed: ReadonlySet<string> } {
    const all = [...this.#items.values()]
    this.#items.clear()
    const kept = all.filter(isWorthKeeping)
    const dropped = all.filter((item) => !kept.includes(item)).map(({ id }) => id)
    return { kept: kept.map(closeItem), dropped, placed: this.#placed }
  }
}

function isWorthKeeping(item: ThreadItem): boolean {
  if (item.type === 'assistant_message') return item.content.some(({ text }) => text.trim() !== '')
  return item.type === 'workflow' && item.workflow.tasks.length > 0
}

function closeItem(item: ThreadItem): ThreadItem {
  if (item.type !== 'workflow') return item
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(item.created_at)) / 1000))
  const { workflow } = item
  const tasks = workflow.tasks.map((task) =>
    task.status_indicator === 'loading' ? { ...task, status_indicator: 'none' as const } : task,
  )
  return {
    ...item,
    workflow: { ...workflow, tasks, summary: workflow.summary ?? { duration: seconds }, expanded: false },
  }
}

/**
 * A copy, because the source may still change its object. A delta is a string and needs no copy.
 */
function isolate(update: ThreadItemUpdate): ThreadItemUpdate {
  return 'delta' in update ? update : structuredClone(update)
}
