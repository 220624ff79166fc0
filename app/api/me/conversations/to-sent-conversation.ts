import type { Conversation } from '#lib/data/chat/conversations.ts'

/** A conversation as a page gets it. */
export function toSentConversation({ id, title, updatedAt, isPinned, isArchived, state }: Conversation) {
  return { id, title, updated_at: updatedAt.toISOString(), is_pinned: isPinned, is_archived: isArchived, state }
}
