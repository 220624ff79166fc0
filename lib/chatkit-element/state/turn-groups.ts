import type { ThreadItem, UserMessageItem } from '#lib/chatkit/protocol/items.ts'

/** What one person's message brought about: the message, and everything up to the next one. */
export type TurnGroup = { key: string; question: UserMessageItem | null; answer: ThreadItem[] }

/** The items of a thread as turns, in order. The first one may lack its question when earlier messages are not loaded. */
export function turnGroups(items: readonly ThreadItem[]): TurnGroup[] {
  const groups: TurnGroup[] = []
  for (const item of items) {
    const last = groups.at(-1)
    if (item.type === 'user_message') groups.push({ key: item.id, question: item, answer: [] })
    else if (last) last.answer.push(item)
    else groups.push({ key: item.id, question: null, answer: [item] })
  }
  return groups
}

/** What came after the last message of the person. */
export function lastTurn(items: readonly ThreadItem[]): readonly ThreadItem[] {
  return items.slice(items.findLastIndex((item) => item.type === 'user_message') + 1)
}
