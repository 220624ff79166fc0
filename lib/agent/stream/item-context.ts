import type { ItemKind } from '#lib/chatkit/protocol/store.ts'

/** What the event mapping needs to make items. */
export type ItemContext = { threadId: string; newItemId: (kind: ItemKind) => string; now: () => Date }

/** The fields that every new item has. */
export function makeItem({ threadId, newItemId, now }: ItemContext, kind: ItemKind) {
  return { id: newItemId(kind), thread_id: threadId, created_at: now().toISOString() }
}
