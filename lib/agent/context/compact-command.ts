import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

/** True for the message `/compact`: the person asks to summarise what was said so far. */
export function isCompactCommand(item: ThreadItem | undefined): boolean {
  if (item?.type !== 'user_message' || item.attachments.length > 0) return false
  const [part, more] = item.content
  return more === undefined && part?.type === 'input_text' && part.text.trim().toLowerCase() === '/compact'
}
