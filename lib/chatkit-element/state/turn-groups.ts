import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'

/** One turn: the person's message, and everything up to the next message. */
export type TurnGroup = { key: string; question: UserMessageItem | null; answer: ThreadItem[] }

/**
 * Groups the items of a thread by turn, in order. The first turn has no question if earlier
 * messages are not loaded.
 */
export function groupByTurn(items: readonly ThreadItem[]): TurnGroup[] {
  const groups: TurnGroup[] = []
  for (const item of items) {
    const last = groups.at(-1)
    if (item.type === 'user_message') groups.push({ key: item.id, question: item, answer: [] })
    else if (last) last.answer.push(item)
    else groups.push({ key: item.id, question: null, answer: [item] })
  }
  return groups
}

/** The items after the person's last message. */
export function listLastTurn(items: readonly ThreadItem[]): readonly ThreadItem[] {
  return items.slice(items.findLastIndex((item) => item.type === 'user_message') + 1)
}
