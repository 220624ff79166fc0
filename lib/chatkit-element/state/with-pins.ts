import type { ThreadView } from '#lib/chatkit-element/state/view.ts'

/** The view with these messages kept in the context, or no longer. */
export function withPins(view: ThreadView, ids: string[], isPinned: boolean): ThreadView {
  const items = view.items.map((item) => {
    if (!ids.includes(item.id) || (item.type !== 'user_message' && item.type !== 'assistant_message')) return item
    const { pinned: _, ...rest } = item
    return isPinned ? { ...rest, pinned: true as const } : rest
  })
  return { ...view, items }
}
