import type { ThreadItem } from '#lib/chatkit/protocol/items.ts'

/** The hidden item that tells the model in the next turn why its last answer is incomplete. */
export function cancelledNote(threadId: string, id: string): ThreadItem {
  return {
    id,
    thread_id: threadId,
    created_at: new Date().toISOString(),
    type: 'sdk_hidden_context',
    content: 'The user cancelled the stream. Stop responding to the prior request.',
  }
}
